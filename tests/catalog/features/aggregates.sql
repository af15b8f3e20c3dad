CREATE FUNCTION step(state numeric, x numeric) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT state + x';
CREATE FUNCTION back(state numeric, x numeric) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT state - x';
CREATE FUNCTION last(state numeric) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT state::text';
CREATE AGGREGATE plain(numeric) (SFUNC = step, STYPE = numeric);
CREATE AGGREGATE "Full %:x"(x numeric) (SFUNC = step, STYPE = numeric, SSPACE = 16, FINALFUNC = last, FINALFUNC_MODIFY = SHAREABLE, COMBINEFUNC = step, INITCOND = '0', MSFUNC = step, MINVFUNC = back, MSTYPE = numeric, MFINALFUNC = last, MINITCOND = '0', PARALLEL = SAFE);
CREATE AGGREGATE my_max(int) (SFUNC = int4larger, STYPE = int, SORTOP = >);
CREATE AGGREGATE my_count(*) (SFUNC = int8inc, STYPE = int8, INITCOND = '0');
CREATE AGGREGATE my_rank(VARIADIC "any" ORDER BY VARIADIC "any") (SFUNC = ordered_set_transition_multi, STYPE = internal, FINALFUNC = rank_final, FINALFUNC_EXTRA, HYPOTHETICAL);
CREATE AGGREGATE my_mode(ORDER BY anyelement) (SFUNC = ordered_set_transition, STYPE = internal, FINALFUNC = mode_final, FINALFUNC_EXTRA);
