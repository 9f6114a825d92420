-- Delivery: who serves which place.

create type ecom.assignment_result as (
    is_chosen boolean, is_feasible boolean, is_optimal boolean, total_cost float8, total_quality float8, max_gap float8);
comment on type ecom.assignment_result is 'Whether an offer is taken in the cheapest assignment, and how good the whole is';
comment on column ecom.assignment_result.is_chosen is 'True for the one offer of each place that is taken';
comment on column ecom.assignment_result.is_feasible is
'False when none was found that meets target and capacities: nothing is chosen then; there is none where is_optimal is true; the same in every row';
comment on column ecom.assignment_result.is_optimal is 'True when no other assignment is cheaper, or none exists; the same in every row';
comment on column ecom.assignment_result.total_cost is 'Cost of all units; NULL when nothing is chosen; the same in every row';
comment on column ecom.assignment_result.total_quality is
'Mean quality over all units; the best that could be had without capacities when nothing is chosen; the same in every row';
comment on column ecom.assignment_result.max_gap is 'No other assignment is cheaper by more than this; the same in every row';

create function ecom.assign_cheapest(
    place bigint, option bigint, quantity float8, cost float8, quality float8, target float8, capacity float8 default null)
    returns ecom.assignment_result
    language c immutable window parallel safe as 'MODULE_PATHNAME', 'ecom_assign_cheapest';
comment on function ecom.assign_cheapest(bigint, bigint, float8, float8, float8, float8, float8) is
'Gives each place one of the options offered for it, such as a carrier, for the least cost that meets a target: a window function.
Example: SELECT o.region, o.carrier, (ecom.assign_cheapest(o.region, o.carrier, o.parcels, o.cost, o.on_time, 0.9) OVER ()).is_chosen
  FROM (VALUES (1, 1, 100, 4.0, 0.85), (1, 2, 100, 5.0, 0.97), (2, 1, 50, 4.0, 0.95), (2, 2, 50, 5.0, 0.97)) o (region, carrier, parcels, cost, on_time)
One row for each place and option. quantity: units that the place needs, the same in all its rows. cost: of one unit. quality: share of
units that arrive as promised, 0 to 1; take the lower end of its interval where few were seen. Rows without a cost or a quality are
not on offer. target: least mean quality over all units, read from the first row; 0 for none. capacity: units that the option can take in
all, the same in all its rows; NULL for no limit. With quantities and capacities of 1 it is the assignment problem.
Exact, by branch and bound with the Lagrangian bound of the target (Fisher, 1981); after 4 million nodes it gives the best found, at most
max_gap from the best. Where none was found that meets target and capacities, is_feasible is false and nothing is chosen.
Errors: 22023 for values without meaning, NULL keys, or a place or option with different quantities or capacities; 54000 beyond 5000 places.
Memory: 136 bytes a row.';

create type ecom.transport_result as (amount float8, is_feasible boolean, total_cost float8, total_quality float8, quality_price float8);
comment on type ecom.transport_result is 'How much an option sends to a place in the cheapest plan, and what the whole costs';
comment on column ecom.transport_result.amount is 'Units that the option sends to the place';
comment on column ecom.transport_result.is_feasible is 'False when no plan meets target and capacities: all amounts are 0; the same in every row';
comment on column ecom.transport_result.total_cost is 'Cost of all units; NULL when no plan exists; the same in every row';
comment on column ecom.transport_result.total_quality is
'Mean quality over all units; the best that could be had when only the target cannot be met; the same in every row';
comment on column ecom.transport_result.quality_price is
'What one more unit that arrives as promised would cost; 0 where the target costs nothing; the same in every row';

create function ecom.transport_cheapest(
    place bigint, option bigint, quantity float8, cost float8, quality float8, target float8, capacity float8 default null)
    returns ecom.transport_result
    language c immutable window parallel safe as 'MODULE_PATHNAME', 'ecom_transport_cheapest';
comment on function ecom.transport_cheapest(bigint, bigint, float8, float8, float8, float8, float8) is
'How much each option, such as a warehouse, sends to each place for the least cost that meets a target: a window function.
Example: SELECT o.region, o.warehouse, (ecom.transport_cheapest(o.region, o.warehouse, o.parcels, o.cost, o.on_time, 0.9, o.room) OVER ()).amount
  FROM (VALUES (1, 1, 300, 5, 0.95, 350), (1, 2, 300, 4, 0.85, 200), (2, 1, 200, 6, 0.95, 350), (2, 2, 200, 3, 0.9, 200)) o (region, warehouse, parcels, cost, on_time, room)
Arguments as of ecom.assign_cheapest, which gives each place one option only; here several may serve it. With a target of 0 it is the
transportation problem (Hitchcock, 1941). Exact: successive shortest paths (Edmonds and Karp, 1972), the target by its price.
Errors: 22023 for values without meaning, NULL keys, or a place or option with different quantities or capacities; 54000 beyond 5000 places.
Memory: 200 bytes a row.';

create type ecom.site_result as (
    is_open boolean, is_chosen boolean, is_feasible boolean, is_optimal boolean, total float8, max_gap float8);
comment on type ecom.site_result is 'Whether a site is opened and serves a place, and how good the whole is';
comment on column ecom.site_result.is_open is 'True where the site is opened';
comment on column ecom.site_result.is_chosen is 'True where the site serves the place';
comment on column ecom.site_result.is_feasible is 'False when some place would not be served: nothing is opened; the same in every row';
comment on column ecom.site_result.is_optimal is 'True when no other choice is better; the same in every row';
comment on column ecom.site_result.total is 'Sum of weight x distance; NULL when nothing is opened; the same in every row';
comment on column ecom.site_result.max_gap is 'No other choice is better by more than this; the same in every row';

create function ecom.choose_sites(place bigint, site bigint, weight float8, distance float8, sites int) returns ecom.site_result
    language c immutable window parallel safe as 'MODULE_PATHNAME', 'ecom_choose_sites';
comment on function ecom.choose_sites(bigint, bigint, float8, float8, int) is
'Which sites to open, such as warehouses, so that all places are as near as can be to one: a window function.
Example: SELECT d.region, d.town, (ecom.choose_sites(d.region, d.town, d.orders, d.days, 1) OVER ()).is_chosen
  FROM (VALUES (1, 1, 500, 1), (1, 2, 500, 3), (2, 1, 300, 4), (2, 2, 300, 1)) d (region, town, orders, days)
One row for each place and site. weight: of the place, such as its orders, the same in all its rows. distance: or days, or cost of a unit;
NULL where the site cannot serve the place. sites: how many to open, read from the first row. The p-median problem (Hakimi,
1964): all combinations where they are few; else greedy with exchanges (Teitz and Bart, 1968), at most max_gap from the best by the
Lagrangian bound (Cornuejols, Fisher and Nemhauser, 1977).
Errors: 22023 for values without meaning, NULL keys, a place with different weights, or a pair that comes twice. Memory: 80 bytes a row.';
