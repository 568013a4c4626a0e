const ROUTES = new Set(['Get', 'Post', 'Put', 'Patch', 'Delete', 'Head', 'Options', 'All', 'Search', 'Sse']);
const GUARDS = new Set(['Permit', 'SignedIn', 'Public']);

const decoratorName = ({ expression }) => {
  const callee = expression.type === 'CallExpression' ? expression.callee : expression;
  return callee.type === 'MemberExpression' ? callee.property.name : callee.name;
};

const names = (node) => (node.decorators ?? []).map(decoratorName);
const isGuarded = (node) => names(node).some((name) => GUARDS.has(name));

/** Every route declares who may call it: `@Permit(...)`, `@SignedIn()` for the data of the caller, or `@Public()`. */
export default {
  meta: {
    type: 'problem',
    docs: { description: 'every controller route carries @Permit, @SignedIn or @Public' },
    messages: { unguarded: "Route '{{name}}' has no access rule: add @Permit, @SignedIn or @Public." },
    schema: [],
  },
  create: (context) => ({
    MethodDefinition(node) {
      const isRoute = names(node).some((name) => ROUTES.has(name));
      if (isRoute && !isGuarded(node)) {
        const name = context.sourceCode.getText(node.key);
        context.report({ node: node.key, messageId: 'unguarded', data: { name } });
      }
    },
  }),
};
