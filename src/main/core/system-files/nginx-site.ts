import { assertPrintable, type SystemFacts } from './facts.ts'

/** A year, as row D2 of the requirements asks. Seconds. */
const strictTransportSeconds = 31_536_000

/**
 * A site of nginx that opens the console's page to the network: TLS, security headers, WebSocket. Accepted by `nginx -t`. The console behind it
 * goes on listening on 127.0.0.1 alone, and goes on asking for its token.
 */
export function nginxSite(facts: SystemFacts): string {
  assertPrintable(facts)
  const { site, port, serverName, ipv6 } = facts
  const id = site.id.replaceAll('-', '_')
  const upstream = `wheelhouse_${id}`
  const own = `127.0.0.1:${port}`
  return `# Wheelhouse: the page of the console of the site ${site.name.replaceAll('\\', '/')}, for other machines.
# Install as /etc/nginx/sites-enabled/wheelhouse-${site.id}, then: nginx -t && systemctl reload nginx

map $http_upgrade $${upstream}_connection {
    default upgrade;
    ''      '';
}

# The console takes WebSockets from its own page only. To it, that page is at ${own}; whatever comes from elsewhere is
# passed on without an origin, and refused.
map $http_origin $${upstream}_origin {
    default                '';
    "https://${serverName}" "http://${own}";
}

upstream ${upstream} {
    server ${own};
    keepalive 8;
}

server {
${listens('80', ipv6)}
    server_name ${serverName};
    server_tokens off;
    return 301 https://${serverName}$request_uri;
}

server {
${listens('443 ssl http2', ipv6)}
    server_name ${serverName};
    server_tokens off;

    ssl_certificate     ${quoted(facts.certificate)};
    ssl_certificate_key ${quoted(facts.certificateKey)};
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305;
    ssl_prefer_server_ciphers off;
    ssl_session_cache shared:${upstream}:2m;
    ssl_session_timeout 1d;
    ssl_session_tickets off;

    # Another name that leads here is none of ours.
    if ($host != "${serverName}") {
        return 421;
    }

    # The console's own answers carry a Content-Security-Policy with a nonce of each; the rest is said here, also for what nginx answers.
    proxy_hide_header X-Content-Type-Options;
    proxy_hide_header X-Frame-Options;
    proxy_hide_header Referrer-Policy;
    add_header Strict-Transport-Security "max-age=${strictTransportSeconds}" always;
    add_header X-Content-Type-Options nosniff always;
    add_header X-Frame-Options DENY always;
    add_header Referrer-Policy no-referrer always;
    add_header Permissions-Policy "camera=(), geolocation=(), microphone=(), usb=(), serial=()" always;

    client_max_body_size 1m;
    client_body_timeout 10s;
    client_header_timeout 10s;

    location / {
        limit_except GET {
            deny all;
        }
        proxy_pass http://${upstream};
        proxy_http_version 1.1;
        proxy_set_header Host ${own};
        proxy_set_header Origin $${upstream}_origin;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection $${upstream}_connection;
        proxy_set_header Cookie "";
        proxy_connect_timeout 5s;
        # The console pings every 30 s, so a connection that is quiet for longer is dead.
        proxy_read_timeout 90s;
        proxy_send_timeout 90s;
        proxy_buffering off;
    }
}
`
}

function listens(how: string, ipv6: boolean): string {
  return [`    listen ${how};`, ...(ipv6 ? [`    listen [::]:${how};`] : [])].join('\n')
}

/** A path in quotes. A dollar sign would begin a variable, for which nginx has no escape: such paths are told by its own check. */
function quoted(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
}
