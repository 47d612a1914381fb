import assert from "node:assert/strict";
import { copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { eventually, freeTcpPort, startMosquitto, tempDir } from "@sense-alerts/test-kit";
import { type Authority, type Certificate, createAuthority } from "../fixtures/certificates.js";
import { alertMessage, startPublisher } from "../fixtures/start-publisher.js";

async function startTlsMosquitto(t: TestContext, authority: Authority, config = "") {
  const { certFile, keyFile } = authority.issue("broker");
  const files = `cafile ${authority.caFile}\ncertfile ${certFile}\nkeyfile ${keyFile}`;
  const broker = await startMosquitto(t, { config: `${files}\n${config}` });
  return { ...broker, url: broker.url.replace("mqtt:", "mqtts:") };
}

test("publishes over TLS to a broker whose authority it knows", async (t) => {
  const authority = createAuthority(t);
  const broker = await startTlsMosquitto(t, authority);
  const publisher = startPublisher(t, broker.url, { tlsCaFile: authority.caFile });
  await eventually(() => assert(publisher.online()));
  await publisher.publish(alertMessage("a/b", "x"));
});

test("says what to set, once for each attempt, when it does not know the broker's authority", async (t) => {
  const broker = await startTlsMosquitto(t, createAuthority(t));
  const connections = () => broker.log().split(/(?:New|Client) connection from/).length - 1;
  for (const tlsCaFile of [undefined, createAuthority(t, "other").caFile]) {
    const earlier = connections();
    const publisher = startPublisher(t, broker.url, { tlsCaFile });
    await eventually(() => assert(publisher.troubles().length >= 1));
    await publisher.close();
    for (const trouble of publisher.troubles()) assert.match(trouble, /is not trusted \(set MQTT_TLS_CA_FILE/);
    await eventually(() => assert(connections() - earlier >= publisher.troubles().length));
  }
});

test("takes any certificate when it is told to", async (t) => {
  const broker = await startTlsMosquitto(t, createAuthority(t));
  const publisher = startPublisher(t, broker.url, { tlsInsecure: true });
  await eventually(() => assert(publisher.online()));
  await publisher.publish(alertMessage("a/b", "x"));
});

test("shows the broker its own certificate", async (t) => {
  const authority = createAuthority(t);
  const broker = await startTlsMosquitto(t, authority, "require_certificate true\nuse_identity_as_username true");
  const { certFile, keyFile } = authority.issue("sense-alerts");
  const tls = { tlsCaFile: authority.caFile, tlsCertFile: certFile, tlsKeyFile: keyFile };
  const publisher = startPublisher(t, broker.url, tls);
  await eventually(() => assert(publisher.online()));
  assert.match(broker.log(), /as alerter-\w+ \(p5, c1, k30, u'sense-alerts'\)/);
});

test("says what may be wrong when TLS finds a broker that does not speak it", async (t) => {
  const broker = await startMosquitto(t);
  const publisher = startPublisher(t, broker.url.replace("mqtt:", "mqtts:"), { tlsInsecure: true });
  await eventually(() => assert(publisher.troubles().length >= 1));
  for (const trouble of publisher.troubles()) assert.match(trouble, /TLS|mqtts:/);
});

test("goes on with the files it has read when the renewed ones cannot be used, and takes them when they can", async (t) => {
  const [former, authority] = [createAuthority(t, "former"), createAuthority(t)];
  const dir = tempDir(t);
  const [cert, key] = [join(dir, "client.pem"), join(dir, "client.key")];
  const put = ({ certFile, keyFile }: Certificate) => {
    copyFileSync(certFile, cert);
    copyFileSync(keyFile, key);
  };
  put(former.issue("sense-alerts"));
  const port = await freeTcpPort();
  const tls = { tlsCaFile: authority.caFile, tlsCertFile: cert, tlsKeyFile: key };
  const publisher = startPublisher(t, `mqtts://127.0.0.1:${port}`, tls);
  writeFileSync(cert, "half a certificate");
  const unusable = /^a TLS file cannot be used, its former content is \(check .*MQTT_TLS_CERT_FILE/;
  await eventually(() => assert.equal(publisher.troubles().filter((trouble) => unusable.test(trouble)).length, 1));
  await eventually(() => assert.match(publisher.troubles().join(), /nobody listens/));
  put(authority.issue("sense-alerts"));
  const server = authority.issue("broker");
  const files = `cafile ${authority.caFile}\ncertfile ${server.certFile}\nkeyfile ${server.keyFile}`;
  await startMosquitto(t, { port, config: `${files}\nrequire_certificate true` });
  await eventually(() => assert(publisher.online()));
  await publisher.publish(alertMessage("a/b", "x"));
});
