import guardedRoutes from './guarded-routes.js';
import noSliceImports from './no-slice-imports.js';

/** The rules of this repository that no published plugin has. */
export default {
  rules: {
    'guarded-routes': guardedRoutes,
    'no-slice-imports': noSliceImports,
  },
};
