// Many clients at once: node load.mjs ADDRESS CLIENTS SECONDS. Each asks one question after the other and compares the answer with the first
// that was given to it; prints how many were asked, lost or different, and how long they took.
import { argv } from "node:process";
import { fileURLToPath } from "node:url";

/** What an application asks for, page after page. */
export const MIX = [
  "/kpi_monthly?order=month.desc&limit=12", "/category_monthly?limit=50", "/dim_product?select=product_key,name,category&order=name&limit=20&offset=40",
  "/customer_overview?order=revenue_amount.desc&limit=20", "/fact_sales?quantity=gte.2&limit=20", "/customer_churn_overview?churn_band=eq.High&limit=20",
  "/revenue_forecast?grain=eq.month", "/rfm_segment", "/stock_plan?limit=20", "/segment_profile",
  "/api/recommendations?customer=5&n=5", "/rpc/churn_prob?customer=7", "/api/churn-risk?n=10", "/rpc/customer_value?customer=9",
];

export async function load(address, clients, seconds, mix = MIX) {
  const expected = new Map();
  for (const path of mix) {
    const reply = await fetch(address + path);
    if (!reply.ok) throw new Error(`${path}: ${reply.status} ${await reply.text()}`);
    expected.set(path, await reply.text());
  }
  const times = [];
  const faults = [];
  const end = performance.now() + seconds * 1000;
  const client = async (number) => {
    for (let n = number; performance.now() < end; n++) {
      const path = mix[n % mix.length];
      const start = performance.now();
      try {
        const reply = await fetch(address + path, { signal: AbortSignal.timeout(30000) });
        const body = await reply.text();
        times.push(performance.now() - start);
        if (!reply.ok) faults.push(`${path}: ${reply.status}`);
        else if (body !== expected.get(path)) faults.push(`${path}: another answer`);
      } catch (error) {
        faults.push(`${path}: ${error.message}`);
      }
    }
  };
  await Promise.all(Array.from({ length: clients }, (_, number) => client(number)));
  times.sort((a, b) => a - b);
  const quantile = (share) => Math.round(times[Math.min(times.length - 1, Math.floor(share * times.length))] ?? NaN);
  return { requests: times.length, perSecond: Math.round(times.length / seconds), faults, p50: quantile(0.5), p95: quantile(0.95), most: quantile(1) };
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  const { faults, ...result } = await load(argv[2], Number(argv[3]), Number(argv[4]));
  console.log(result, `${faults.length} lost or different`, [...new Set(faults)].slice(0, 5));
}
