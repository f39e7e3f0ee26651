#!/usr/bin/env bash
# Runs the one-shot release job of TAG: migrations and the like.
set -euo pipefail
cd "$(dirname "$0")"

COMPOSE_PROD="${COMPOSE_PROD:-docker-compose.prod.yml}"
LOCK_FILE="@LOCKS@/portfolio-release.lock"
: "${TAG:?}"
export TAG
export API_URL="https://$API_DOMAIN"

exec 8>"$LOCK_FILE"
flock -n 8 || { echo "release already running" >&2; exit 1; }

dc() {
  docker compose -f "$COMPOSE_PROD" "$@"
}

docker image inspect "portfolio-backend:$TAG" >/dev/null || { echo "Missing image portfolio-backend:$TAG" >&2; exit 1; }
[ "${1:-}" != --dry-run ] || exit 0
dc up -d --no-build db redis
for _ in $(seq 100); do
  [ "$(docker inspect --format '{{.State.Health.Status}}' "$(dc ps -q db)")" = healthy ] && break
  sleep 0.1
done
dc run --rm -T --no-deps release
