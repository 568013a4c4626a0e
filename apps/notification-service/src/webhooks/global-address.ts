import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/** Global unicast (RFC 4291); everything else of IPv6 is local, reserved, or holds an IPv4 address. */
const GLOBAL_IPV6 = ipaddr.parseCIDR('2000::/3') as [ipaddr.IPv6, number];

/** Services of cloud providers at global addresses: of Azure's virtual machines (DHCP, DNS, health, metadata). */
const OF_CLOUD_PROVIDERS: ReadonlySet<string> = new Set(['168.63.129.16']);

/**
 * Whether this is the text of an address on the public internet: not private, loopback, link-local (with the metadata services of clouds),
 * shared, multicast, reserved, unspecified, nor an IPv6 form of an IPv4 address (mapped, translated, tunneled).
 */
export function isGlobalAddress(text: string): boolean {
  if (isIP(text) === 0) return false;
  const address = ipaddr.parse(text);
  if (address.range() !== 'unicast' || OF_CLOUD_PROVIDERS.has(address.toString())) return false;
  return address.kind() === 'ipv4' || (address as ipaddr.IPv6).match(GLOBAL_IPV6);
}
