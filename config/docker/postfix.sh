#!/bin/sh
# Starts the Postfix of docker-compose.yml: Debian's own files, a few settings from the environment, and the snippets
# of config/postfix/ behind them. Mail for DOMAINS goes to RELAYHOST; without one it is judged and then discarded.
set -eu
cp /usr/share/postfix/main.cf.debian /etc/postfix/main.cf
cp /usr/share/postfix/master.cf.dist /etc/postfix/master.cf
postconf -e 'compatibility_level = 3.6' 'maillog_file = /dev/stdout' "myhostname = ${HOSTNAME_OF_MX:-mx.example}" \
    'mydestination =' 'local_recipient_maps =' 'alias_maps =' 'mynetworks = 127.0.0.0/8' \
    "relay_domains = ${DOMAINS:-example.jp}" 'relay_recipient_maps =' \
    'smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination'
if [ -n "${RELAYHOST:-}" ]; then
    postconf -e "relay_transport = smtp:${RELAYHOST}"
else
    postconf -e 'relay_transport = discard:'
fi
cat /usr/local/share/sekisho/main.cf >> /etc/postfix/main.cf
cat /usr/local/share/sekisho/master.cf >> /etc/postfix/master.cf
exec postfix start-fg
