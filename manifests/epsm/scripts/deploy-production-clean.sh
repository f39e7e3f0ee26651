#!/usr/bin/env bash
# What people ran before, in the checkout on the server: builds everything anew, starts it, migrates.
#
#   scripts/deploy-production-clean.sh [--skip-migrations] [--skip-seed]
set -euo pipefail
cd "$(dirname "$0")/.."

compose() { docker compose -f docker-compose.production.yml --env-file .env.production "$@"; }
migrations=yes seed=yes
for option in "$@"; do
  case $option in
    --skip-migrations) migrations= ;;
    --skip-seed) seed= ;;
    *) echo "unknown option: $option" >&2; exit 64 ;;
  esac
done
VERSION=$(git describe --tags --exact-match)
COMMIT=$(git rev-parse HEAD)
DB_PASSWORD=$(sed -n 's/^DB_PASSWORD=//p' .env.production)
export VERSION COMMIT POSTGRES_PASSWORD=$DB_PASSWORD

compose down
docker builder prune -af
compose build --no-cache --progress=plain
compose up -d --force-recreate
until compose exec -T backend true; do sleep 1; done
[ -z "$migrations" ] || compose exec -T backend python manage.py migrate --noinput
[ -z "$seed" ] || compose exec -T backend python manage.py seed
compose exec -T backend python manage.py collectstatic --noinput
compose ps
