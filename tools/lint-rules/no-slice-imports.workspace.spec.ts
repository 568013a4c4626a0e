import { describe, it } from '@jest/globals';
import { RuleTester } from 'eslint';
import rule from './no-slice-imports.js';

Object.assign(RuleTester, { describe, it });
const tester = new RuleTester();

const slice = '/w/apps/license-service/src/licensing/issue-license/issue-license.controller.ts';

tester.run('no-slice-imports', rule as never, {
  valid: [
    { code: "import { request } from './issue-license.request.js';", filename: slice },
    { code: "import { runtime } from '../licensing.module.js';", filename: slice },
    { code: "import { entity } from '../../database.js';", filename: slice },
    { code: "import { project } from '@allotree/domain';", filename: slice },
    {
      code: "import { C } from './licensing/issue-license/issue-license.controller.js';",
      filename: '/w/apps/license-service/src/license-service.module.ts',
    },
    {
      code: "import { Accounts } from '../../accounts/accounts.js';",
      filename: '/w/apps/group-service/src/identity/sessions/sign-in/sign-in.controller.ts',
    },
  ],
  invalid: [
    {
      code: "import { Register } from '../../accounts/register/register.controller.js';",
      filename: '/w/apps/group-service/src/identity/sessions/sign-in/sign-in.controller.ts',
      errors: [{ messageId: 'crossing' }],
    },
    {
      code: "import { projection } from '../list-licenses/list-licenses.projection.js';",
      filename: slice,
      errors: [{ messageId: 'crossing' }],
    },
    {
      code: "export { stock } from '../../stock/sell/sell.request.js';",
      filename: slice,
      errors: [{ messageId: 'crossing' }],
    },
    {
      code: "const later = () => import('../../stock/sell/sell.request.js');",
      filename: slice,
      errors: [{ messageId: 'crossing' }],
    },
  ],
});
