/** The extension that names the permission of an operation in the OpenAPI document; `signed-in`: any signed-in user; absent: public. */
export const PERMISSION_EXTENSION = 'x-permission';
