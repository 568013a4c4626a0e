import { Injectable, type OnModuleInit } from '@nestjs/common';
import { PATH_METADATA } from '@nestjs/common/constants.js';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { PERMISSION_METADATA, PUBLIC_METADATA } from '../identity/permit.js';

/** Refuses to start an application that has a route nobody decided who may use. */
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
      throw new Error(`routes without @Permit() or @Public(): ${[...new Set(unguarded)].join(', ')}`);
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
  Reflect.hasMetadata(PERMISSION_METADATA, target) || Reflect.hasMetadata(PUBLIC_METADATA, target);
