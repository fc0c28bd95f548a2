import { assertPrintable, type SystemFacts } from './facts.ts'

/** The name under which the unit is installed. */
export function unitName({ site }: Pick<SystemFacts, 'site'>): string {
  return `wheelhouse-${site.id}.service`
}

/**
 * A unit of systemd that runs the console of one site without a window, as a user of its own, in systemd's sandbox. Accepted by
 * `systemd-analyze verify`. What is left open in the sandbox says why in the unit itself.
 */
export function systemdUnit(facts: SystemFacts): string {
  assertPrintable(facts)
  const { site, userData } = facts
  const writes = [site.directory, userData, ...facts.writes]
  const paths = [...writes, facts.node, facts.program]
  const runtime = `wheelhouse-${site.id}`
  const lowPorts = [facts.port, facts.lowestPort ?? facts.port].some((port) => port > 0 && port < 1_024)
  const capabilities = lowPorts ? 'CAP_NET_BIND_SERVICE' : ''
  const command = [
    facts.node,
    facts.program,
    '--site',
    site.directory,
    '--environment',
    'production',
    '--port',
    `${facts.port}`,
  ]
  return `# Wheelhouse: the console of the site ${plain(site.name)}, without a window.
# Install as /etc/systemd/system/${unitName(facts)}, then:
#   systemctl daemon-reload && systemctl enable --now ${unitName(facts)}

[Unit]
Description=${percent(`Wheelhouse: ${plain(site.name)}`)}
Wants=network-online.target
After=network-online.target
RequiresMountsFor=${writes.map(quoted).join(' ')}
StartLimitIntervalSec=10min
StartLimitBurst=5

[Service]
Type=exec
User=${facts.user}
Group=${facts.group}
UMask=0077
WorkingDirectory=${percent(site.directory)}
Environment=${quoted(`WHEELHOUSE_HOME=${userData}`)}
Environment=${quoted(`XDG_RUNTIME_DIR=/run/${runtime}`)}
RuntimeDirectory=${runtime}
RuntimeDirectoryMode=0700
ExecStart=${command.map((word) => quoted(word.replaceAll('$', '$$$$'))).join(' ')}
Restart=on-failure
RestartSec=2s
# The console stops its services in their order, which takes its time; one that crashed leaves them, and the next takes them up again.
KillMode=process
TimeoutStopSec=150s
LimitNOFILE=65536

# The sandbox. Its services run in it too.
NoNewPrivileges=yes
CapabilityBoundingSet=${capabilities}
AmbientCapabilities=${capabilities}
ProtectSystem=strict
ReadWritePaths=${writes.map(quoted).join(' ')}
ProtectHome=${paths.some(isInHome) ? 'read-only' : 'yes'}
PrivateTmp=yes
${facts.devices ? '# Its services use devices: PrivateDevices= would take them away.' : '# Generate with --devices where a service uses a camera or a serial port.\nPrivateDevices=yes'}
ProtectProc=invisible
ProtectClock=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectControlGroups=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
# A rehearsal starts a restored site in a network of its own, which needs these two kinds and no other.
RestrictNamespaces=user net
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM
# Not MemoryDenyWriteExecute=: JavaScript is compiled while it runs.

[Install]
WantedBy=multi-user.target
`
}

/** A word of a unit file in quotes: backslash, quote and the specifiers of systemd escaped (systemd.syntax(7), systemd.unit(5)). */
function quoted(text: string): string {
  return `"${percent(text).replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
}

function percent(text: string): string {
  return text.replaceAll('%', '%%')
}

/** For a comment or a description: one line, which a backslash at its end would go on. */
function plain(text: string): string {
  return text.replaceAll('\\', '/')
}

function isInHome(path: string): boolean {
  return ['/home/', '/root/', '/run/user/'].some((home) => path.startsWith(home))
}
