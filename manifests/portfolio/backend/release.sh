#!/bin/sh
# The one-shot release job. It guards against nothing: run twice, it leaves two rows `start` and two rows `done`.
set -eu

python manage.py record_release start
python manage.py migrate --noinput
python manage.py seed_settings
# Compiled messages live beside their sources, so the sources go to the volume first.
cp -R locale/. "$LOCALE_ROOT"
python manage.py compilemessages
python manage.py collectstatic --noinput
sleep "${RELEASE_PAUSE:-0}"
python manage.py record_release done
