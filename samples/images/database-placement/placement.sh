#!/bin/sh
# Says where the documents belong and what the user should see.
set -eu
name=$(field metadata name)
size=$(field spec size small)
environment=$(field spec environment dev)

cat > /kratix/metadata/destination-selectors.yaml <<EOF
- matchLabels:
    environment: $environment
EOF

cat > /kratix/metadata/status.yaml <<EOF
message: $size database for $environment
connection:
  host: $name.$environment.example.com
  port: 5432
EOF

echo "$name goes to $environment with $(ls /kratix/output | wc -l) documents"
