#!/bin/sh
# From one request to two documents. The same request gives the same bytes, whenever it runs.
set -eu
name=$(field metadata name)
namespace=$(field metadata namespace default)
size=$(field spec size small)

case $size in
    small) replicas=1 memory=256Mi ;;
    large) replicas=3 memory=1Gi ;;
    *) echo "spec.size is '$size'; known are small and large" >&2; exit 1 ;;
esac

cat > /kratix/output/settings.yaml <<EOF
apiVersion: v1
kind: ConfigMap
metadata:
  name: $name-settings
  namespace: $namespace
data:
  size: $size
  max_connections: "$((replicas * 50))"
EOF

cat > /kratix/output/database.yaml <<EOF
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: $name
  namespace: $namespace
spec:
  replicas: $replicas
  serviceName: $name
  selector:
    matchLabels: { database: $name }
  template:
    metadata:
      labels: { database: $name }
    spec:
      containers:
        - name: postgres
          image: docker.io/library/postgres:17
          envFrom: [{ configMapRef: { name: $name-settings } }]
          resources: { limits: { memory: $memory } }
EOF

echo "wrote settings.yaml and database.yaml for $namespace/$name ($size: $replicas replicas, $memory)"
