// A real authorization server (npm oidc-provider) for an MCP server: its tokens are JWTs for the resource that they are asked for.
// Whoever `login_hint` names, else alice, clicks through its pages: `--browser` of `plumb run --login` opens them.
import { createHash } from 'node:crypto';
import { Provider } from 'oidc-provider';
const port = Number(process.argv[2] ?? 0);
const issuer = `http://127.0.0.1:${port}`;
const scope = 'mcp:read mcp:write';
const provider = new Provider(issuer, {
  features: {
    devInteractions: { enabled: false },
    registration: { enabled: true },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: (ctx, resource) => ({ scope, audience: resource, accessTokenFormat: 'jwt', jwt: { sign: { alg: 'RS256' } } }),
      useGrantedResource: () => true,
    },
  },
  scopes: ['openid', 'offline_access', ...scope.split(' ')],
  // Every resource is granted what the person consented to once.
  loadExistingGrant: async (ctx) => {
    const id = ctx.oidc.result?.consent?.grantId ?? ctx.oidc.session.grantIdFor(ctx.oidc.client.clientId);
    return id && provider.Grant.find(id);
  },
  interactions: { url: (ctx, interaction) => `/interaction/${interaction.uid}` },
  findAccount: async (ctx, id) => ({ accountId: id, claims: async () => ({ sub: id }) }),
});
// A page with one button, which presses itself: a browser without a script gets no further.
const press = "document.forms[0].submit()";
const page = (what) => `<!doctype html><title>${what}</title><form method="post"><button>${what}</button></form><script>${press}</script>`;
const policy = `default-src 'none'; script-src 'sha256-${createHash('sha256').update(press).digest('base64')}'`;
provider.use(async (ctx, next) => {
  if (!ctx.path.startsWith('/interaction/')) return next();
  const details = await provider.interactionDetails(ctx.req, ctx.res);
  if (ctx.method === 'GET') {
    ctx.set('Content-Security-Policy', policy);
    ctx.type = 'html';
    ctx.body = page(details.prompt.name === 'login' ? 'Sign in' : 'Allow');
    return;
  }
  let result;
  if (details.prompt.name === 'login') result = { login: { accountId: details.params.login_hint ?? 'alice' } };
  else {
    const grant = details.grantId ? await provider.Grant.find(details.grantId)
      : new provider.Grant({ accountId: details.session.accountId, clientId: details.params.client_id });
    grant.addOIDCScope(details.params.scope ?? 'openid');
    for (const resource of [].concat(details.params.resource ?? [], 'https://other-resource.invalid/mcp')) grant.addResourceScope(resource, scope);
    result = { consent: { grantId: await grant.save() } };
  }
  await provider.interactionFinished(ctx.req, ctx.res, result, { mergeWithLastSubmission: true });
});
provider.listen(port, '127.0.0.1', () => console.error(issuer));
