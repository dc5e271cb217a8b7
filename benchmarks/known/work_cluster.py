"""What does a Kubernetes cluster run: on every worker, as services that are spread over the workers, and as jobs?"""

from __future__ import annotations

from dataclasses import dataclass

API = (("172.20.0.1", 443),)
DATABASE, CACHE, CLOUD = ("10.20.40.17", 5432), ("10.20.41.22", 6379), ("198.51.100.*", 443)


@dataclass(frozen=True, slots=True)
class Container:
    """A container as the host sees it: a program of another file system, its account there, its ports and what it talks to.

    ``talks_to`` names services of the cluster, or addresses; ``passing`` are short processes that it starts now and then.
    """

    name: str
    path: str
    line: str
    uid: int = 0
    ports: tuple[int, ...] = ()
    talks_to: tuple[tuple[str, int], ...] = ()
    local: tuple[int, ...] = ()
    threads: int = 9
    forks: tuple[int, ...] = (0,)
    fork_name: str = ""
    fork_path: str = ""
    fork_line: str = ""
    cwd: str = "/"
    passing: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Deployment:
    """Pods of one kind. ``for_each_node`` and ``at_least`` say how many; one with a disk is a stateful set."""

    name: str
    containers: tuple[Container, ...]
    for_each_node: float = 0.5
    at_least: int = 1
    quality: str = "burstable"
    host_network: bool = False
    disk_gib: int = 0
    node_port: int = 0


BROUGHT_EVERYWHERE = (
    Deployment("aws-node", (
        Container("aws-k8s-agent", "/app/aws-k8s-agent", "./aws-k8s-agent", ports=(50051, 61678, 61679), local=(50051, 61679), talks_to=(*API, CLOUD), threads=11, cwd="/app"),
        Container("controller", "/controller", "/controller --enable-ipv6=false --enable-network-policy=false --metrics-bind-addr=:8162 --health-probe-bind-addr=:8163", ports=(8162, 8163), talks_to=API),
    ), host_network=True),
    Deployment("kube-proxy", (
        Container("kube-proxy", "/usr/local/bin/kube-proxy", "kube-proxy --v=2 --config=/var/lib/kube-proxy-config/config", ports=(10249, 10256, 31877), local=(10249,), talks_to=(("10.20.18.77", 443),)),
    ), host_network=True),
    Deployment("ebs-csi-node", (
        Container("aws-ebs-csi-dri", "/bin/aws-ebs-csi-driver", "/bin/aws-ebs-csi-driver node --endpoint=unix:/csi/csi.sock --logging-format=text --v=2", talks_to=API),
        Container("csi-node-driver", "/csi-node-driver-registrar", "/csi-node-driver-registrar --csi-address=/csi/csi.sock --kubelet-registration-path=/var/lib/kubelet/plugins/ebs.csi.aws.com/csi.sock --v=2"),
        Container("livenessprobe", "/livenessprobe", "/livenessprobe --csi-address=/csi/csi.sock", ports=(9808,)),
    )),
    Deployment("eks-pod-identity-agent", (
        Container("eks-pod-identit", "/eks-pod-identity-agent", "/eks-pod-identity-agent server --port 80 --cluster-name prod-a --probe-port 2703", ports=(80, 2703), talks_to=(CLOUD,)),
    ), host_network=True),
    Deployment("fluent-bit", (
        Container("fluent-bit", "/fluent-bit/bin/fluent-bit", "/fluent-bit/bin/fluent-bit -c /fluent-bit/etc/fluent-bit.conf", ports=(2020,), talks_to=(*API, ("10.20.8.*", 24224)), threads=12),
    )),
)  # fmt: skip

JAVA = "/opt/java/openjdk/bin/java"
NODE = "/usr/local/bin/node"
PYTHON = "/usr/local/bin/python3.12"

SERVICES = (
    Deployment("coredns", (Container("coredns", "/coredns", "/coredns -conf /etc/coredns/Corefile", 65_532, (53, 8080, 8181, 9153), API, threads=10),), 0.12, 2),
    Deployment("ingress-nginx-controller", (
        Container("nginx-ingress-c", "/nginx-ingress-controller", "/nginx-ingress-controller --publish-service=ingress/ingress-nginx-controller --ingress-class=nginx --configmap=ingress/nginx",
                  101, (80, 443, 8443, 10254), (*API, ("shop-api", 8080), ("web", 3000)), forks=(3, 5), fork_name="nginx", fork_path="/usr/bin/nginx", fork_line="nginx: worker process", cwd="/etc/nginx"),
    ), 0.2, 2, node_port=31_080),
    Deployment("shop-api", (Container("java", JAVA, "java -XX:MaxRAMPercentage=70 -jar /app/shop-api.jar", 1_001, (8080, 8081), (DATABASE, CACHE, ("orders", 9000)), threads=61, cwd="/app"),), 0.8, 3),
    Deployment("web", (Container("node", NODE, "node server.js", 1_000, (3000,), (("shop-api", 8080),), threads=11, cwd="/app", passing=(("/bin/busybox", "wget -q -O - http://127.0.0.1:3000/ready"),)),), 0.7, 2),
    Deployment("orders", (Container("orders", "/orders", "/orders --listen=:9000 --log-format=json", 65_532, (9000, 9001), (DATABASE, ("kafka", 9092)), threads=12),), 0.5, 2),
    Deployment("pricing", (
        Container("python3.12", PYTHON, "/usr/local/bin/python /usr/local/bin/gunicorn pricing.wsgi -b 0.0.0.0:8000 -w 3", 10_001, (8000,), (CACHE, DATABASE), threads=1, forks=(2, 3), cwd="/srv",
                  passing=(("/usr/bin/dash", "sh -c curl -fs localhost:8000/healthz"),)),
    ), 0.4, 2),
    Deployment("worker", (Container("python3.12", PYTHON, "/usr/local/bin/python -m celery -A jobs worker -c 2 -Q default", 10_001, (8888,), (CACHE, CLOUD), forks=(2,), cwd="/srv"),), 0.5, 1, "besteffort"),
    Deployment("kafka", (Container("java", JAVA, "java -Xmx2G -server -cp /opt/kafka/libs/* kafka.Kafka /opt/kafka/config/server.properties", 1_001, (9092, 9093), (("kafka", 9093),), threads=88),), 0.1, 1, disk_gib=200),
    Deployment("prometheus", (Container("prometheus", "/bin/prometheus", "/bin/prometheus --config.file=/etc/prometheus/config_out/prometheus.env.yaml --storage.tsdb.retention.time=10d", 1_000, (9090,), (*API, ("orders", 9001), ("coredns", 9153)), threads=13),), 0.05, 1, disk_gib=50),
    Deployment("metrics-server", (Container("metrics-server", "/metrics-server", "/metrics-server --secure-port=10251 --kubelet-preferred-address-types=InternalIP --metric-resolution=15s", 1_000, (10251,), API),), 0.05, 2),
    Deployment("cert-manager", (Container("controller", "/app/cmd/controller/controller", "/app/cmd/controller/controller --v=2 --leader-election-namespace=kube-system", 1_000, (9402,), (*API, CLOUD)),), 0.03, 1, "besteffort"),
)  # fmt: skip

JOBS = (
    Deployment("invoice-export", (Container("python3.12", PYTHON, "python -m exports.invoices --since yesterday", 10_001, (), (DATABASE, CLOUD), cwd="/srv"),)),
    Deployment("db-migrate", (Container("java", JAVA, "java -cp /flyway/lib/* org.flywaydb.commandline.Main migrate", 1_001, (), (DATABASE,), threads=22),)),
    Deployment("image-prune", (Container("python3.12", PYTHON, "python /scripts/prune.py --keep 5", 0, (), (CLOUD,)),), quality="besteffort"),
    Deployment("pg-backup", (
        Container("sh", "/bin/busybox", "/bin/sh -c pg_dump -Fc shop > /out/shop.dump", 70, forks=(1,), fork_name="pg_dump", fork_path="/usr/bin/pg_dump", fork_line="pg_dump -Fc shop"),
        Container("rclone", "/usr/local/bin/rclone", "rclone rcat s3:example-backup/shop.dump", 70, (), (CLOUD,)),
    )),
)  # fmt: skip
