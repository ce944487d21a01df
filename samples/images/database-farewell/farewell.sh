#!/bin/sh
# What a real Promise would do here: a last backup, closing an account, telling the owner.
set -eu
name=$(field metadata name)

cat > /kratix/metadata/status.yaml <<EOF
message: last backup of $name taken
EOF

echo "took the last backup of $name"
