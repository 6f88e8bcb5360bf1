// The yardstick for webhook ingest: Express, Shopify's own Node library and pg, one
// process, written as their guides show it. It verifies, inserts one row durably,
// and answers 200; the same work that Afterglow is measured at.
import '@shopify/shopify-api/adapters/node';
import {ApiVersion, shopifyApi} from '@shopify/shopify-api';
import express from 'express';
import pg from 'pg';

const {DATABASE_URL, SHOPIFY_API_KEY, SHOPIFY_API_SECRET, PORT, POOL} = process.env;

const shopify = shopifyApi({
  apiKey: SHOPIFY_API_KEY,
  apiSecretKey: SHOPIFY_API_SECRET,
  apiVersion: Object.values(ApiVersion).at(-1),
  hostName: 'localhost',
  isEmbeddedApp: true,
  logger: {level: 0},
});
const pool = new pg.Pool({connectionString: DATABASE_URL, max: Number(POOL)});
const app = express();

app.post('/webhooks/shopify', express.text({type: '*/*', limit: '2mb'}), async (req, res) => {
  try {
    const check = await shopify.webhooks.validate({rawBody: req.body, rawRequest: req, rawResponse: res});
    if (!check.valid) return res.sendStatus(401);
    await pool.query({
      name: 'insert',
      text: `INSERT INTO bench_inbox (shop_id, topic, event_id, webhook_id, received_at, body)
             VALUES ($1, $2, $3, $4, now(), convert_to($5, 'UTF8')) ON CONFLICT DO NOTHING`,
      values: [1, check.topic, req.get('X-Shopify-Event-Id'), check.webhookId, req.body],
    });
    res.sendStatus(200);
  } catch {
    res.sendStatus(503);
  }
});

app.get('/readyz', (req, res) => res.sendStatus(200));
app.listen(Number(PORT), '127.0.0.1');
