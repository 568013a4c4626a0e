import { integer, variable } from '@allotree/basics/configuration';
import { z } from 'zod';
import { origins, proxies } from './network-values.js';

/** The settings of the HTTP API. */
export const HTTP_CONFIGURATION = z.object({
  PORT: variable(integer(0, 65_535).prefault('8080'), {
    description: 'TCP port of the HTTP API; 0 takes any free one.',
    allowed: 'a whole number from 0 to 65535',
  }),
  HOST: variable(z.string().prefault('127.0.0.1'), {
    description: 'Address the HTTP API listens on; 0.0.0.0 accepts connections from other machines.',
    allowed: 'an IP address or host name of this machine',
  }),
  PUBLIC_URL: variable(z.url({ protocol: /^https?$/ }).optional(), {
    description:
      'The address at which browsers reach the system: the base of links in mails, and of the redirect address of the OpenID provider. Unset: built from HOST and PORT.',
    allowed: 'a URL such as https://licenses.example.com',
  }),
  BODY_LIMIT_BYTES: variable(integer(1_024, 104_857_600).prefault('1048576'), {
    description:
      'The largest request body accepted; 16 times as much for the restrictions of many groups, 64 times for a whole project.',
    allowed: 'a whole number from 1024 to 104857600',
  }),
  REQUEST_TIMEOUT_SECONDS: variable(integer(1, 3_600).prefault('60'), {
    description:
      'Time within which a whole request, including its body, must arrive. Slower requests are answered 408.',
    allowed: 'a whole number from 1 to 3600',
  }),
  MAX_REQUESTS_IN_PROGRESS: variable(integer(0, 1_000_000).prefault('400'), {
    description:
      'Requests that one process answers at a time. Further ones are refused with 503 OVERLOADED before anything is done, so that those in progress keep their latency.',
    allowed: 'a whole number from 0 (no limit) to 1000000',
  }),
  TRUSTED_PROXIES: variable(proxies.optional(), {
    description:
      'The proxies whose X-Forwarded-For header is trusted, so that failed sign-ins are counted per caller and not per proxy.',
    allowed: 'IP addresses, networks (10.0.0.0/8), loopback, linklocal or uniquelocal, separated by commas',
  }),
  CORS_ORIGINS: variable(origins.optional(), {
    description:
      'The origins whose pages may call the API from a browser. Unset: the API’s own origin only, which needs no permission.',
    allowed: 'origins separated by commas: https://console.example.com, https://intranet.example.com:8443',
  }),
  RATE_LIMIT_PER_CALLER: variable(integer(0, 10_000_000).prefault('6000'), {
    description: 'Requests that one user or API key can make per minute. Server administrators are not counted.',
    allowed: 'a whole number from 0 (no limit) to 10000000',
  }),
  RATE_LIMIT_PER_TENANT: variable(integer(0, 10_000_000).prefault('60000'), {
    description: 'Requests that all callers of one tenant together can make per minute.',
    allowed: 'a whole number from 0 (no limit) to 10000000',
  }),
  RATE_LIMIT_PER_ADDRESS: variable(integer(0, 10_000_000).prefault('600'), {
    description:
      'Requests without a sign-in that one IP address can make per minute; the address is that of the caller where TRUSTED_PROXIES names the proxies.',
    allowed: 'a whole number from 0 (no limit) to 10000000',
  }),
  IDEMPOTENCY_LEASE_SECONDS: variable(integer(1, 3_600).prefault('30'), {
    description:
      'Time without a heartbeat after which a request with an idempotency key counts as lost, so that a retry can run.',
    allowed: 'a whole number from 1 to 3600',
  }),
});

export type HttpConfiguration = z.infer<typeof HTTP_CONFIGURATION>;

/** The address at which browsers reach the system, without a trailing slash. */
export const publicUrl = ({
  PUBLIC_URL,
  HOST,
  PORT,
}: Pick<HttpConfiguration, 'PUBLIC_URL' | 'HOST' | 'PORT'>): string =>
  (PUBLIC_URL ?? `http://${HOST.includes(':') ? `[${HOST}]` : HOST}:${PORT}`).replace(/\/+$/, '');
