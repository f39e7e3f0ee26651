#!/usr/bin/env bash
# Builds the images of the tag at HEAD. Deploys nothing.
set -euo pipefail
cd "$(git rev-parse --show-toplevel)"

STATE_DIR="${STATE_DIR:-@STATE@}"
COMPOSE_PROD="${COMPOSE_PROD:-docker-compose.prod.yml}"

[ -z "$(git status --porcelain)" ] || { echo "the working tree is not clean" >&2; exit 1; }
TAG="${TAG:-$(git describe --tags --exact-match)}"
[[ $TAG =~ ^v[0-9]+\.[0-9]+\.[0-9]+$ ]] || { echo "$TAG is no release" >&2; exit 1; }
: "${API_DOMAIN:?}" "${SITE_DOMAIN:?}"
export TAG
export API_URL="https://$API_DOMAIN"

docker compose -f "$COMPOSE_PROD" build

# Keeps what was just built, the current and the previous.
keep=" $TAG $(cat "$STATE_DIR/current_tag" 2>/dev/null || true) $(cat "$STATE_DIR/prev_tag" 2>/dev/null || true) "
for image in portfolio-backend portfolio-frontend; do
  docker images --format '{{.Repository}}:{{.Tag}}' "$image" | while read -r one; do
    [[ $keep == *" ${one##*:} "* ]] || docker image rm "$one"
  done
done
