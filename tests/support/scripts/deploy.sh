#!/usr/bin/env bash
# Switches to TAG: release, up, health check, state files.
set -euo pipefail
cd "$(dirname "$0")"

STATE_DIR="${STATE_DIR:-@STATE@}"
COMPOSE_PROD="${COMPOSE_PROD:-docker-compose.prod.yml}"
: "${TAG:?}" "${SITE_PORT:?}"
export TAG
export API_URL="https://$API_DOMAIN"

exec 9>@LOCKS@/portfolio-deploy.lock
flock -n 9 || { echo "deploy already running" >&2; exit 1; }

for image in portfolio-backend portfolio-frontend; do
  docker image inspect "$image:$TAG" >/dev/null || { echo "Missing image $image:$TAG" >&2; exit 1; }
done
[ "${1:-}" != --dry-run ] || exit 0
./release.sh
docker compose -f "$COMPOSE_PROD" up -d --no-build --remove-orphans

curl -fsS --retry 20 --retry-connrefused --retry-delay 1 "http://127.0.0.1:$SITE_PORT/" >/dev/null
curl -fsS --retry 5 "http://127.0.0.1:$SITE_PORT/healthz" >/dev/null

mkdir -p "$STATE_DIR"
[ ! -f "$STATE_DIR/current_tag" ] || cp "$STATE_DIR/current_tag" "$STATE_DIR/prev_tag"
echo "$TAG" >"$STATE_DIR/current_tag"
