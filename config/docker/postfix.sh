#!/bin/sh
# Starts the Postfix of docker-compose.yml: Debian's own files, a few settings from the environment, and the snippets
# of config/postfix/ behind them. Mail for DOMAINS goes to RELAYHOST; without one it is judged and then discarded.
#
#   RELEASE_LISTEN, RELEASE_FROM  where released mail is taken, and the one address that may send it: sekisho's container
#   PROXY_PROTOCOL=yes            the proxy in front tells the client's address (HAProxy's PROXY protocol, port 25)
#   HOST_NETWORK=yes              this container has the network of the machine (network_mode: host)
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
if [ -n "${RELEASE_LISTEN:-}" ]; then
    sed -i "s/^127\.0\.0\.1:10026 /${RELEASE_LISTEN}:10026 /" /etc/postfix/master.cf
    postconf -P "${RELEASE_LISTEN}:10026/inet/mynetworks=${RELEASE_FROM:?the address of the container of sekisho}/32"
fi
if [ "${PROXY_PROTOCOL:-}" = yes ]; then
    postconf -P 'smtp/inet/smtpd_upstream_proxy_protocol=haproxy'
elif [ "${HOST_NETWORK:-}" != yes ]; then
    cat >&2 <<'WARNING'
warning: the engine's proxy may stand before this container. If the log shows the same address for every client
(connect from …), sekisho judges that address instead of the sender's: SPF, the client's name and lists of networks mean
nothing then, and mail is found guilty or innocent for it. Use the network of the machine (HOST_NETWORK=yes), or a proxy
that tells the client's address (PROXY_PROTOCOL=yes): docs/containers.md.
WARNING
fi
exec postfix start-fg
