"""Which jobs does a company's build system give to its runners, and what does each start?"""

from __future__ import annotations

from dataclasses import dataclass

TOOLS = "/opt/hostedtoolcache"
NODE, PYTHON, GO, JAVA = (
    f"{TOOLS}/node/20.18.1/x64/bin/node", f"{TOOLS}/Python/3.12.8/x64/bin/python3.12", f"{TOOLS}/go/1.23.4/x64/bin/go", f"{TOOLS}/Java_Temurin-Hotspot_jdk/21.0.5-11/x64/bin/java",
)  # fmt: skip
CACHED = (
    NODE, f"{TOOLS}/node/18.20.5/x64/bin/node", f"{TOOLS}/node/22.12.0/x64/bin/node", PYTHON, f"{TOOLS}/Python/3.11.11/x64/bin/python3.11", GO, f"{TOOLS}/go/1.22.10/x64/bin/go",
    JAVA, f"{TOOLS}/Ruby/3.3.6/x64/bin/ruby", f"{TOOLS}/terraform/1.9.8/x64/bin/terraform", f"{TOOLS}/helm/3.16.3/x64/bin/helm", f"{TOOLS}/buildx/0.19.2/x64/bin/docker-buildx",
)  # fmt: skip
"""Tools that some job asked for once: a runner has those of the jobs that came to it."""
REGISTRIES = {"npm": ("198.51.100.16", "198.51.100.17", "198.51.100.18"), "pypi": ("198.51.100.64", "198.51.100.65"), "code": ("192.0.2.3", "192.0.2.4"), "images": ("192.0.2.33", "192.0.2.34"),
              "go": ("198.51.100.209",), "maven": ("198.51.100.215", "198.51.100.216"), "storage": ("192.0.2.140", "192.0.2.141", "192.0.2.150")}  # fmt: skip
"""Where jobs download from and send to."""


@dataclass(frozen=True, slots=True)
class Step:
    """A process of a job: how many there are of it, what it downloads, how deep below the step's shell it is.

    In ``path`` and ``line`` the words work, rand, n and ver stand for the checkout, letters of chance, a number, and a package.
    """

    path: str
    line: str
    count: tuple[int, ...] = (1,)
    talks_to: tuple[str, ...] = ()
    threads: int = 1
    deeper: bool = True
    name: str = ""
    own: bool = False


@dataclass(frozen=True, slots=True)
class Job:
    """What one run does at some moment. ``containers`` are services that it asked for; ``ports`` are test servers."""

    repository: str
    steps: tuple[tuple[Step, ...], ...]
    containers: tuple[str, ...] = ()
    ports: tuple[int, ...] = ()
    env: tuple[tuple[str, str], ...] = ()


ESBUILD = "{work}/node_modules/@esbuild/linux-x64/bin/esbuild"
CHROME = "/home/runner/.cache/ms-playwright/chromium-1148/chrome-linux/chrome"

JOBS = (
    Job("web", (
        (Step(NODE, "npm ci", talks_to=("npm", "npm", "npm"), threads=11, name="npm ci"), Step("/usr/bin/dash", "sh -c node install.js", (0, 1)), Step(NODE, "node install.js", (0, 1), ("npm",), 7)),
        (Step(NODE, "npm run build", threads=11, name="npm run build"), Step("/usr/bin/dash", "sh -c vite build"), Step(NODE, "node {work}/node_modules/.bin/vite build", threads=23), Step(ESBUILD, ESBUILD + " --service=0.21.5 --ping", threads=9, own=True)),
        (Step(NODE, "npm test", threads=11, name="npm test"), Step(NODE, "node {work}/node_modules/.bin/jest --ci --maxWorkers=3", threads=12), Step(NODE, "{node} {work}/node_modules/jest-worker/build/workers/processChild.js", (2, 3), threads=11, deeper=False)),
        (Step(NODE, "node {work}/node_modules/.bin/playwright test --shard={n}/4", threads=12), Step(CHROME, CHROME + " --headless --no-sandbox --user-data-dir=/tmp/playwright_chromiumdev_profile-{rand} --remote-debugging-pipe", threads=19, own=True, name="chrome"),
         Step(CHROME, CHROME + " --type=renderer --no-sandbox --field-trial-handle=3,i,{n}", (1, 2, 4), threads=14, name="chrome")),
    ), ports=(4173,), env=(("NODE_OPTIONS", "--max-old-space-size=6144"),)),
    Job("api", (
        (Step(PYTHON, "python -m pip install -r requirements.txt", talks_to=("pypi", "pypi")), Step(PYTHON, PYTHON + " /tmp/pip-build-env-{rand}/overlay/lib/python3.12/site-packages/pyproject_hooks/_in_process/_in_process.py build_wheel /tmp/tmp{rand}", (0, 1)),
         Step("/usr/bin/x86_64-linux-gnu-gcc-11", "x86_64-linux-gnu-gcc -pthread -O2 -fPIC -c src/{ver}.c -o build/temp.linux-x86_64/{ver}.o", (0, 1)), Step("/usr/lib/gcc/x86_64-linux-gnu/11/cc1", "/usr/lib/gcc/x86_64-linux-gnu/11/cc1 -quiet -imultiarch x86_64-linux-gnu src/{ver}.c -o /tmp/cc{rand}.s", (0, 1))),
        (Step(PYTHON, "python -m pytest -n 3 --cov=api", threads=4), Step(PYTHON, PYTHON + " -u -c import sys;exec(eval(sys.stdin.readline()))", (3,), threads=2, deeper=False)),
    ), ("postgres:16", "redis:7-alpine"), env=(("LD_LIBRARY_PATH", f"{TOOLS}/Python/3.12.8/x64/lib"),)),
    Job("ledger", (
        (Step(GO, "go build ./...", talks_to=("go",), threads=12), Step(f"{TOOLS}/go/1.23.4/x64/pkg/tool/linux_amd64/compile", "compile -o /tmp/go-build{n}/b{n}/_pkg_.a -trimpath /tmp/go-build{n}/b{n}=> -p {ver} -complete", (1, 2, 4), threads=8, deeper=False)),
        (Step(GO, "go test -race ./...", threads=13), Step("/tmp/go-build{n}/b{n}/{ver}.test", "/tmp/go-build{n}/b{n}/{ver}.test -test.paniconexit0 -test.timeout=10m0s", (1, 2), threads=9, own=True, deeper=False)),
    ), ("postgres:16",)),
    Job("billing", (
        (Step(JAVA, "java -Xmx64m -classpath {work}/gradle/wrapper/gradle-wrapper.jar org.gradle.wrapper.GradleWrapperMain build --no-daemon", threads=18, talks_to=("maven", "maven")),
         Step(JAVA, JAVA + " -Xmx2g -cp /home/runner/.gradle/wrapper/dists/gradle-8.11-bin/{rand}/gradle-8.11/lib/gradle-daemon-main-8.11.jar org.gradle.launcher.daemon.bootstrap.GradleDaemon 8.11", threads=67)),
    ), ("postgres:16", "kafka:3.9"), ports=(0,)),
    Job("images", (
        (Step("/usr/bin/docker", "/usr/bin/docker buildx build --iidfile {temp}/build-iidfile-{rand}.txt --push --tag registry.example/{ver}:{n} .", threads=12, talks_to=("images",)),
         Step("/usr/libexec/docker/cli-plugins/docker-buildx", "/usr/libexec/docker/cli-plugins/docker-buildx buildx build --push --tag registry.example/{ver}:{n} .", threads=14, talks_to=("images", "storage"))),
    ), ("moby/buildkit:buildx-stable-1",)),
    Job("infra", (
        (Step(f"{TOOLS}/terraform/1.9.8/x64/bin/terraform", "terraform plan -input=false -out=tfplan", threads=13, talks_to=("storage",)),
         Step("{work}/.terraform/providers/registry.terraform.io/hashicorp/aws/5.81.0/linux_amd64/terraform-provider-aws_v5.81.0_x5", ".terraform/providers/registry.terraform.io/hashicorp/aws/5.81.0/linux_amd64/terraform-provider-aws_v5.81.0_x5", threads=15, talks_to=("storage", "storage", "storage"), own=True)),
        (Step("/usr/bin/bash", "/usr/bin/bash ./scripts/smoke.sh staging"), Step("/usr/bin/curl", "curl -fsS --retry 20 --retry-delay 5 https://staging.example/health", talks_to=("storage",))),
    )),
)  # fmt: skip
