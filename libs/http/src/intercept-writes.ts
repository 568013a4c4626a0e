import { RequestMethod, UseInterceptors, type NestInterceptor, type Type } from '@nestjs/common';
import { INTERCEPTORS_METADATA, METHOD_METADATA } from '@nestjs/common/constants.js';
import { MetadataScanner } from '@nestjs/core';

const isRead = (handler: object): boolean => Reflect.getMetadata(METHOD_METADATA, handler) === RequestMethod.GET;

const isRoute = (handler: object): boolean => Reflect.hasMetadata(METHOD_METADATA, handler);

const ofWrites = new Set<unknown>();

/**
 * Applies an interceptor to the route, unless it is a GET. Global interceptors would wrap reads as well in observables, which costs as
 * much as the rest of a short request. On a class it applies to all routes.
 */
export function InterceptWrite(interceptor: Type<NestInterceptor>): MethodDecorator & ClassDecorator {
  ofWrites.add(interceptor);
  return UseInterceptors(interceptor);
}

/**
 * Takes the interceptors of `InterceptWrite` off the routes of GET: which method a route has may be declared after them. Call it before the
 * application is initialized.
 */
export function releaseReads(controllers: readonly Type[]): void {
  for (const { value: handler } of routesOf(controllers)) {
    const interceptors = Reflect.getMetadata(INTERCEPTORS_METADATA, handler) as readonly unknown[] | undefined;
    if (interceptors === undefined || !isRead(handler)) continue;
    const others = interceptors.filter((interceptor) => !ofWrites.has(interceptor));
    Reflect.defineMetadata(INTERCEPTORS_METADATA, others, handler);
  }
}

/** Applies an interceptor to all routes of these controllers but those of GET. Call it before the application is created. */
export function interceptWrites(controllers: readonly Type[], interceptor: Type<NestInterceptor>): void {
  for (const route of routesOf(controllers))
    if (!isRead(route.value)) UseInterceptors(interceptor)(route.prototype, route.name, route);
}

/** Applies an interceptor to all routes of these controllers. Call it before the application is created. */
export function interceptRoutes(controllers: readonly Type[], interceptor: Type<NestInterceptor>): void {
  for (const route of routesOf(controllers)) UseInterceptors(interceptor)(route.prototype, route.name, route);
}

interface Route {
  readonly prototype: object;
  readonly name: string;
  /** The handler. */
  readonly value: object;
}

function* routesOf(controllers: readonly Type[]): Generator<Route> {
  const scanner = new MetadataScanner();
  for (const { prototype } of controllers as readonly { readonly prototype: object }[])
    for (const name of scanner.getAllMethodNames(prototype)) {
      const value: unknown = Object.getOwnPropertyDescriptor(prototype, name)?.value;
      if (typeof value === 'function' && isRoute(value)) yield { prototype, name, value };
    }
}
