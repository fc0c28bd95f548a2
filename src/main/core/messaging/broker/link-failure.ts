/** Why a connection to a broker failed, as a sentence that says what to do where it is not plain. */
export function linkFailure(error: Error, url: string): string {
  const code = 'code' in error ? error.code : ''
  switch (code) {
    case 'ECONNREFUSED':
      return `Nobody answers at ${url}: the broker is not running there.`
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `The host in ${url} is not known.`
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return `No network leads to ${url}.`
    case 'CERT_HAS_EXPIRED':
      return `The certificate of ${url} has expired: it must be renewed at the broker, or the clock of this PC is wrong.`
    case 'CERT_NOT_YET_VALID':
      return `The certificate of ${url} is not valid yet: the clock of this PC may be wrong.`
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
      return `Nobody that is trusted vouches for the certificate of ${url}: name the certificate of its authority as “ca” in site.yaml.`
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return `The certificate of ${url} is for another name: correct the address, or give the name as “server-name” in site.yaml.`
    case 'ERR_SSL_WRONG_VERSION_NUMBER':
    case 'EPROTO':
      return `${url} does not speak TLS: it may be the port for “mqtt://”.`
    // Return and reason codes of CONNACK (MQTT 3.1.1, section 3.2.2.3; MQTT 5, section 3.2.2.2).
    case 1:
    case 0x84:
      return `The broker at ${url} does not speak the MQTT that it is spoken to in: look at “protocol” in site.yaml.`
    case 0x9c:
    case 0x9d:
      return `The broker at ${url} sends the router to another one: correct the address in site.yaml.`
    case 2:
    case 0x85:
      return `The broker at ${url} refuses the router’s client id.`
    case 3:
    case 0x88:
    case 0x89:
    case 0x97:
    case 0x9f:
      return `The broker at ${url} takes nobody at present.`
    case 4:
    case 0x86:
      return `The broker at ${url} refuses the user or the password: look at “username” and “password” in site.yaml.`
    case 5:
    case 0x87:
    case 0x8a:
    case 0x8c:
      return `The broker at ${url} does not let the router in: it wants another user, a password or a certificate.`
    default:
      if (/alert (certificate required|bad certificate|unknown ca|handshake failure)/i.test(error.message)) {
        return `The broker at ${url} refuses the router’s certificate, or wants one: look at “cert” and “key” in site.yaml.`
      }
      return `The connection to ${url} failed: ${error.message}.`
  }
}

/** Why a broker of MQTT 5 says goodbye, as a sentence (section 3.14.2.1). */
export function goodbyeOf(code: number, url: string): string {
  switch (code) {
    case 0x81:
    case 0x82:
      return `The broker at ${url} ended the connection: it did not understand a packet of the router.`
    case 0x87:
    case 0x98:
      return `The broker at ${url} ended the connection: somebody there wants the router away.`
    case 0x8b:
      return `The broker at ${url} is being stopped.`
    case 0x8d:
      return `The broker at ${url} ended the connection: it had not heard from the router for too long.`
    case 0x8e:
      return `Somebody else has connected to ${url} by the router’s client id: each console needs one of its own (“client-id” in site.yaml).`
    case 0x93:
      return `The broker at ${url} ended the connection: it was sent more at a time than it takes.`
    case 0x95:
      return `The broker at ${url} ended the connection: a message was too large for it.`
    case 0x96:
    case 0x97:
      return `The broker at ${url} ended the connection: it is sent more than it allows.`
    case 0x9c:
    case 0x9d:
      return `The broker at ${url} sends the router to another one: correct the address in site.yaml.`
    default:
      return `The broker at ${url} ended the connection (reason code ${code}).`
  }
}
