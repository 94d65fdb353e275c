"""Many valid manifests of the kinds that most charts contain, with realistic sizes."""

from __future__ import annotations

from pathlib import Path

KINDS = (
    ("apps/v1", "Deployment"),
    ("apps/v1", "DaemonSet"),
    ("rbac.authorization.k8s.io/v1", "ClusterRole"),
    ("v1", "ConfigMap"),
    ("v1", "Service"),
)
_SET = """\
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: app-{0}-settings
  namespace: shop
  labels: {{app.kubernetes.io/name: app-{0}, app.kubernetes.io/part-of: shop}}
data:
  LOG_LEVEL: info
  application.yaml: |
    server: {{port: 8080, shutdown: graceful}}
    features:
      - checkout
      - search
---
apiVersion: v1
kind: Service
metadata:
  name: app-{0}
  namespace: shop
  labels:
    app.kubernetes.io/name: app-{0}
    app.kubernetes.io/part-of: shop
spec:
  type: ClusterIP
  selector:
    app.kubernetes.io/name: app-{0}
  ports:
    - name: http
      port: 80
      targetPort: http
    - name: metrics
      port: 9090
      targetPort: metrics
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: app-{0}
  namespace: shop
  labels:
    app.kubernetes.io/name: app-{0}
    app.kubernetes.io/part-of: shop
spec:
  replicas: 2
  selector:
    matchLabels:
      app.kubernetes.io/name: app-{0}
  template:
    metadata:
      labels:
        app.kubernetes.io/name: app-{0}
      annotations:
        prometheus.io/scrape: "true"
    spec:
      securityContext:
        runAsNonRoot: true
      containers:
        - name: main
          image: registry.example/shop/app:1.4.2
          args: ["--config", "/etc/app/application.yaml", "--verbose"]
          ports:
            - {{name: http, containerPort: 8080}}
          env:
            - name: LOG_LEVEL
              valueFrom:
                configMapKeyRef: {{name: app-{0}-settings, key: LOG_LEVEL}}
            - name: POD_NAME
              valueFrom: {{fieldRef: {{apiVersion: v1, fieldPath: metadata.name}}}}
          resources:
            requests: {{cpu: 500m, memory: 512Mi}}
            limits: {{memory: 1Gi, nvidia.com/gpu: "1"}}
          readinessProbe:
            httpGet: {{path: /ready, port: http}}
            periodSeconds: 5
          livenessProbe:
            httpGet: {{path: /live, port: http}}
            initialDelaySeconds: 10
          volumeMounts:
            - {{name: settings, mountPath: /etc/app, readOnly: true}}
        - name: exporter
          image: registry.example/shop/exporter:0.9.1
          ports:
            - {{name: metrics, containerPort: 9090}}
          resources:
            requests: {{cpu: 50m, memory: 64Mi}}
      volumes:
        - name: settings
          configMap: {{name: app-{0}-settings}}
---
apiVersion: apps/v1
kind: DaemonSet
metadata:
  name: agent-{0}
  namespace: shop
  labels:
    app.kubernetes.io/name: agent-{0}
spec:
  selector:
    matchLabels:
      app.kubernetes.io/name: agent-{0}
  updateStrategy: {{type: RollingUpdate, rollingUpdate: {{maxUnavailable: 10%}}}}
  template:
    metadata:
      labels:
        app.kubernetes.io/name: agent-{0}
    spec:
      nodeSelector:
        kubernetes.io/os: linux
      tolerations:
        - operator: Exists
      containers:
        - name: agent
          image: registry.example/shop/agent:2.1.0
          env:
            - name: NODE_NAME
              valueFrom:
                fieldRef:
                  fieldPath: spec.nodeName
          resources:
            requests: {{cpu: 100m, memory: 128Mi}}
            limits: {{memory: 256Mi}}
          volumeMounts:
            - name: sys
              mountPath: /host/sys
              readOnly: true
      volumes:
        - name: sys
          hostPath:
            path: /sys
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: app-{0}
  labels:
    app.kubernetes.io/name: app-{0}
rules:
  - apiGroups: [""]
    resources: [pods, nodes]
    verbs: [get, list, watch]
  - apiGroups: [apps]
    resources:
      - deployments
      - daemonsets
    verbs:
      - get
      - patch
"""


def write_manifests(folder: Path, count: int, files: int) -> int:
    """Write `count` objects of all kinds, distributed evenly over the files, and return the number of bytes."""
    folder.mkdir()
    sets = count // len(KINDS) // files
    for file in range(files):
        text = "".join(_SET.format(file * sets + number) for number in range(sets))
        (folder / f"part-{file:02}.yaml").write_text(text)
    return sum(path.stat().st_size for path in folder.iterdir())
