import guardedRoutes from './guarded-routes.js';
import noSliceImports from './no-slice-imports.js';

/** Lint rules that no published plugin provides. */
export default {
  rules: {
    'guarded-routes': guardedRoutes,
    'no-slice-imports': noSliceImports,
  },
};
