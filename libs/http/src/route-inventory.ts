import { Injectable, type OnModuleInit } from '@nestjs/common';
import { PATH_METADATA } from '@nestjs/common/constants.js';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { PERMISSION_METADATA, PUBLIC_METADATA, SIGNED_IN_METADATA } from './permit.js';

/** Refuses to start an application that has a route without a declared access rule. */
@Injectable()
export class RouteInventory implements OnModuleInit {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
  ) {}

  onModuleInit(): void {
    const unguarded = this.discovery
      .getControllers()
      .flatMap(({ metatype }) =>
        typeof metatype === 'function' ? this.unguardedRoutes(metatype as NewableFunction) : [],
      );
    if (unguarded.length > 0) {
      throw new Error(`routes without @Permit(), @SignedIn() or @Public(): ${[...new Set(unguarded)].join(', ')}`);
    }
  }

  private unguardedRoutes(controller: NewableFunction): string[] {
    const prototype = controller.prototype as Record<string, object>;
    return this.scanner
      .getAllMethodNames(prototype)
      .filter((name) => {
        const handler = prototype[name] as object;
        return Reflect.hasMetadata(PATH_METADATA, handler) && !isDecided(handler) && !isDecided(controller);
      })
      .map((name) => `${controller.name}.${name}`);
  }
}

const isDecided = (target: object): boolean =>
  [PERMISSION_METADATA, SIGNED_IN_METADATA, PUBLIC_METADATA].some((key) => Reflect.hasMetadata(key, target));
