// A client on the TypeScript SDK that follows the steps of docs/clients.md, as its documentation shows how.
//
//   plumb client --steps -- node client.mjs              over Streamable HTTP
//   plumb client --steps --stdio -- node client.mjs      over standard streams
import { Client, ClientCredentialsProvider, StreamableHTTPClientTransport, UnauthorizedError } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";

const context = JSON.parse(process.env.MCP_CONFORMANCE_CONTEXT ?? '{"steps":[]}');
const words = process.argv.slice(2);
const overHttp = /^https?:/.test(words[0]);

/** Signs in by a browser that follows one redirect. */
class SignIn {
  redirectUrl = "http://localhost:3000/callback";
  clientMetadataUrl = "https://conformance-test.local/client-metadata.json";
  clientMetadata = { client_name: "typescript-client", redirect_uris: [this.redirectUrl], application_type: "native" };
  #client = context.client_id && { client_id: context.client_id, client_secret: context.client_secret };
  #tokens; #verifier; #state;
  callback;
  state() { return (this.#state = crypto.randomUUID()); }
  clientInformation() { return this.#client; }
  saveClientInformation(client) { this.#client = client; }
  tokens() { return this.#tokens; }
  saveTokens(tokens) { this.#tokens = tokens; }
  saveCodeVerifier(verifier) { this.#verifier = verifier; }
  codeVerifier() { return this.#verifier; }
  async redirectToAuthorization(url) {
    const answer = await fetch(url, { redirect: "manual" });
    this.callback = new URL(answer.headers.get("location")).searchParams;
    if (this.callback.get("state") !== this.#state) throw new Error("another state came back");
  }
}

const credentials = context.name === "auth/client-credentials-basic";
const provider = credentials
  ? new ClientCredentialsProvider({ clientId: context.client_id, clientSecret: context.client_secret })
  : new SignIn();
let transport;
const reach = () => (transport = overHttp
  ? new StreamableHTTPClientTransport(new URL(words[0]), { authProvider: provider })
  : new StdioClientTransport({ command: words[0], args: words.slice(1), stderr: "ignore" }));

const client = new Client({ name: "typescript-client", version: "0.1.0" }, {
  capabilities: { elicitation: { form: {} } },
  versionNegotiation: { mode: "auto" },
});
client.setRequestHandler("elicitation/create", async ({ params }) => {
  const fields = Object.entries(params.requestedSchema?.properties ?? {});
  const fill = (schema) => schema.default ?? schema.enum?.[0] ?? (schema.oneOf ?? schema.anyOf)?.[0].const
    ?? (schema.type === "array" ? [fill(schema.items)] : { boolean: true, number: 1, integer: 1 }[schema.type] ?? "x");
  return { action: "accept", content: Object.fromEntries(fields.map(([name, schema]) => [name, fill(schema)])) };
});

/** Does something, again once the user has signed in. */
async function signedIn(act) {
  for (let attempt = 0; ; attempt++) {
    try { return await act(); }
    catch (error) {
      if (!(error instanceof UnauthorizedError) || !provider.callback || attempt > 2) throw error;
      const callback = provider.callback;
      provider.callback = undefined;
      await transport.finishAuth(callback);
    }
  }
}

let tools = [];
async function take(step) {
  switch (step.do) {
    case "list": {
      if (step.what === "tools") ({ tools } = await signedIn(() => client.listTools()));
      else if (step.what === "resources") await client.listResources();
      else await client.listPrompts();
      return;
    }
    case "call": {
      const abort = new AbortController();
      if (step.cancelAfterMs) setTimeout(() => abort.abort(), step.cancelAfterMs);
      const { name } = step;
      try { await signedIn(() => client.callTool({ name, arguments: step.arguments }, { signal: abort.signal, timeout: step.timeoutMs })); }
      catch (error) { if (!abort.signal.aborted) throw error; }
      return;
    }
    case "call-each": {
      for (const { name } of tools) await client.callTool({ name, arguments: {} }).catch(console.error);
      return;
    }
    case "read": return void await client.readResource({ uri: step.uri });
    case "get": return void await client.getPrompt({ name: step.name, arguments: step.arguments });
    case "complete": return void await client.complete({ ref: step.ref, argument: step.argument });
    case "listen": return void await client.listen(step.notifications);
    case "wait": return new Promise((done) => setTimeout(done, step.ms));
  }
}

let failed = false;
const attempt = async (act) => { try { await act(); } catch (error) { console.error(error); failed = true; } };
await attempt(async () => {
  await signedIn(() => client.connect(reach()));
  for (const step of context.steps ?? []) await attempt(() => take(step));
});
await client.close();
process.exit(failed ? 1 : 0);
