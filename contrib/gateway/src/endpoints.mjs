// The questions of the dashboards and REST services that a mart replaces, each under one path: a function with the arguments that make it
// that question, or a relation.
export const ENDPOINTS = [
  { path: "/api/key-figures", summary: "Revenue, orders, customers, average order value, satisfaction and more of a range of days.", function: "kpi_summary" },
  { path: "/api/total-sales", summary: "Sales of each product, by pages: page and page_size.", function: "product_sales" },
  { path: "/api/average-order-value", summary: "Average order value: aov by orders, mean_customer_aov the mean of the customers' own.", function: "avg_order_value" },
  { path: "/api/customer-segmentation", summary: "Customers in tiers of high, medium and low value.", function: "customer_value_tier" },
  { path: "/api/product-performance", summary: "Revenue and units by season and category, or another dimension.", function: "product_performance" },
  { path: "/api/customer-loyalty", summary: "Loyalty of each customer: orders, tenure, regularity, band.", function: "customer_loyalty" },
  { path: "/api/shipping", summary: "Orders by shipping method.", function: "revenue_by", fixed: { dimension: "shipping_method", metric: "orders" } },
  { path: "/api/sales-forecast", summary: "Forecast of revenue with its intervals, of the last refresh.", relation: "revenue_forecast" },
  { path: "/api/revenue-trend", summary: "Revenue by month, or another grain, with change and the year before.", function: "revenue_trend" },
  { path: "/api/revenue-by-category", summary: "Revenue by product category with shares.", function: "revenue_by", fixed: { dimension: "category", metric: "revenue" } },
  { path: "/api/top-products", summary: "Products with the highest sales volume.", function: "top_products", fixed: { metric: "quantity" } },
  { path: "/api/top-customers", summary: "Customers with most revenue.", function: "top_customers", fixed: { metric: "revenue" } },
  { path: "/api/churn-rate", summary: "Share of customers who bought nothing in a period, by periods.", function: "churn_rate" },
  { path: "/api/churn-risk", summary: "Customers likely to leave, with reasons.", function: "customers_at_risk" },
  { path: "/api/recommendations", summary: "Products for one customer, with the reason for each.", function: "recommend_products" },
];
