import { describe, it } from '@jest/globals';
import { RuleTester } from 'eslint';
import tseslint from 'typescript-eslint';
import rule from './guarded-routes.js';

Object.assign(RuleTester, { describe, it });
const tester = new RuleTester({ languageOptions: { parser: tseslint.parser } });

tester.run('guarded-routes', rule as never, {
  valid: [
    "class A { @Get('x') @Permit('licenses:view', { group: 'g', project: 'p' }) list() {} }",
    'class A { @Public() @Post() signIn() {} }',
    'class A { @Public @Get() live() {} }',
    'class A { @SignedIn() @Get() me() {} }',
    'class A { helper() {} @OnModuleInit() start() {} }',
  ],
  invalid: [
    { code: "class A { @Get('x') list() {} }", errors: [{ messageId: 'unguarded', data: { name: 'list' } }] },
    { code: "class A { @common.Delete(':id') @HttpCode(204) remove() {} }", errors: [{ messageId: 'unguarded' }] },
    {
      code: '@Public() class A { @Put() put() {} @Patch() @Permit("a") patch() {} }',
      errors: [{ messageId: 'unguarded' }],
    },
  ],
});
