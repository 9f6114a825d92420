-- A column cut into bins at its quantiles, as a model.

create function ecom_internal.quantile_bins_add(
    ecom.state, value float8, bins int, descending boolean) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_quantile_bins_add';
create function ecom_internal.quantile_bins_combine(ecom.state, ecom.state) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_quantile_bins_combine';
create function ecom_internal.quantile_bins_final(ecom.state) returns ecom.model
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_quantile_bins_final';

create aggregate ecom.quantile_bins(value float8, bins int, descending boolean) (
    sfunc = ecom_internal.quantile_bins_add,
    stype = ecom.state,
    sspace = 65536,
    combinefunc = ecom_internal.quantile_bins_combine,
    finalfunc = ecom_internal.quantile_bins_final,
    parallel = safe
);
comment on aggregate ecom.quantile_bins(float8, int, boolean) is
'Cuts a column into equally filled bins and returns the cut points as a model for ecom.quantile_bin.
Example: SELECT ecom.quantile_bins(monetary_amount, 5, false) FROM shop.customer_rfm
value: NULLs are skipped, NaN and infinity are refused (22003). bins: 2 to 10. descending: true gives the
smallest values the highest bin, as RFM does with recency.
Cut points are type-7 quantiles (Hyndman and Fan, 1996); equal values always share a bin. NULL for no rows.
Memory: 8 bytes a row, at most ecom_analytics.memory_limit. Time: linear in the rows.';

create function ecom.quantile_bin(model ecom.model, value float8) returns int
    language c immutable strict parallel safe as 'MODULE_PATHNAME', 'ecom_quantile_bin';
comment on function ecom.quantile_bin(ecom.model, float8) is
'The bin of a value, 1 to the number of bins, by the cut points of a model from ecom.quantile_bins.
Example: SELECT c.customer_key, ecom.quantile_bin(m.model, c.monetary_amount) FROM shop.customer_rfm c, shop.model m
  WHERE m.name = ''rfm.monetary'' AND m.is_current
Values beyond those seen when fitting get the first or the last bin. NULL for NULL; NaN is refused (22003).
The model is decoded once per call site, not once per row.';
