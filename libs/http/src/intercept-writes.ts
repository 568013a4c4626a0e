import { RequestMethod, UseInterceptors, type NestInterceptor, type Type } from '@nestjs/common';
import { METHOD_METADATA } from '@nestjs/common/constants.js';
import { MetadataScanner } from '@nestjs/core';

const isRead = (handler: object): boolean => Reflect.getMetadata(METHOD_METADATA, handler) === RequestMethod.GET;

const isRoute = (handler: object): boolean => Reflect.hasMetadata(METHOD_METADATA, handler);

/**
 * Applies an interceptor to the route, unless it is known to be a GET: place it above `@Get()`. Global interceptors would wrap reads as well
 * in observables, which costs as much as the rest of a short request. On a class it applies to all routes.
 */
export const InterceptWrite =
  (interceptor: Type<NestInterceptor>): MethodDecorator & ClassDecorator =>
  (target: object, name?: string | symbol, descriptor?: PropertyDescriptor): void => {
    if (name === undefined || descriptor === undefined) UseInterceptors(interceptor)(target as NewableFunction);
    else if (!isRead(descriptor.value as object)) UseInterceptors(interceptor)(target, name, descriptor);
  };

/** Applies an interceptor to all routes of these controllers but those of GET. Call it before the application is created. */
export const interceptWrites = (controllers: readonly Type[], interceptor: Type<NestInterceptor>): void =>
  applyToRoutes(controllers, InterceptWrite(interceptor));

/** Applies an interceptor to all routes of these controllers. Call it before the application is created. */
export const interceptRoutes = (controllers: readonly Type[], interceptor: Type<NestInterceptor>): void =>
  applyToRoutes(controllers, UseInterceptors(interceptor));

function applyToRoutes(controllers: readonly Type[], decorate: MethodDecorator): void {
  const scanner = new MetadataScanner();
  for (const { prototype } of controllers as readonly { readonly prototype: object }[])
    for (const name of scanner.getAllMethodNames(prototype)) {
      const descriptor = Object.getOwnPropertyDescriptor(prototype, name);
      if (descriptor !== undefined && isRoute(descriptor.value as object)) decorate(prototype, name, descriptor);
    }
}
