import { Inject, Injectable } from '@nestjs/common';
import { CONFIGURATION } from '@allotree/basics';
import type { NotificationConfiguration } from '../configuration.js';
import { resolveByNameServers, resolveLikeOtherPrograms, type ResolveHost } from './host-addresses.js';

/** How this process finds the addresses of a host. */
@Injectable()
export class HostResolver {
  readonly resolve: ResolveHost;

  constructor(@Inject(CONFIGURATION) { WEBHOOKS_ALLOW_INSECURE }: NotificationConfiguration) {
    this.resolve = WEBHOOKS_ALLOW_INSECURE ? resolveLikeOtherPrograms : resolveByNameServers;
  }
}
