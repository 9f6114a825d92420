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
