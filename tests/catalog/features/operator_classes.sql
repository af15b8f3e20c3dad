CREATE TYPE pair AS (a int, b int);
CREATE FUNCTION pair_lt(pair, pair) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT ($1).a < ($2).a';
CREATE FUNCTION pair_le(pair, pair) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT ($1).a <= ($2).a';
CREATE FUNCTION pair_eq(pair, pair) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT ($1).a = ($2).a';
CREATE FUNCTION pair_ge(pair, pair) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT ($1).a >= ($2).a';
CREATE FUNCTION pair_gt(pair, pair) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT ($1).a > ($2).a';
CREATE FUNCTION "Cmp %:x"(pair, pair) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT sign(($1).a - ($2).a)::int';
CREATE FUNCTION pair_int(pair, int) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT ($1).a = $2';
CREATE FUNCTION pair_int_cmp(pair, int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT ($1).a - $2';
CREATE OPERATOR <@@ (FUNCTION = pair_lt, LEFTARG = pair, RIGHTARG = pair);
CREATE OPERATOR <=@@ (FUNCTION = pair_le, LEFTARG = pair, RIGHTARG = pair);
CREATE OPERATOR =@@ (FUNCTION = pair_eq, LEFTARG = pair, RIGHTARG = pair);
CREATE OPERATOR >=@@ (FUNCTION = pair_ge, LEFTARG = pair, RIGHTARG = pair);
CREATE OPERATOR >@@ (FUNCTION = pair_gt, LEFTARG = pair, RIGHTARG = pair);
CREATE OPERATOR =@@ (FUNCTION = pair_int, LEFTARG = pair, RIGHTARG = int);
CREATE OPERATOR FAMILY "Family %:x" USING btree;
CREATE OPERATOR CLASS "Class %:x" DEFAULT FOR TYPE pair USING btree FAMILY "Family %:x" AS
    OPERATOR 1 <@@, OPERATOR 2 <=@@, OPERATOR 3 =@@, OPERATOR 4 >=@@, OPERATOR 5 >@@, FUNCTION 1 "Cmp %:x"(pair, pair);
ALTER OPERATOR FAMILY "Family %:x" USING btree ADD OPERATOR 3 =@@ (pair, int), FUNCTION 1 (pair, int) pair_int_cmp(pair, int);
CREATE OPERATOR CLASS backwards FOR TYPE int USING btree AS
    OPERATOR 1 >, OPERATOR 2 >=, OPERATOR 3 =, OPERATOR 4 <=, OPERATOR 5 <, FUNCTION 1 btint4cmp(int, int);
CREATE OPERATOR CLASS points FOR TYPE point USING gist AS STORAGE box, OPERATOR 1 <<(point, point),
    OPERATOR 15 <->(point, point) FOR ORDER BY float_ops, FUNCTION 1 gist_point_consistent(internal, point, smallint, oid, internal),
    FUNCTION 2 gist_box_union(internal, internal), FUNCTION 3 gist_point_compress(internal),
    FUNCTION 5 gist_box_penalty(internal, internal, internal), FUNCTION 6 gist_box_picksplit(internal, internal),
    FUNCTION 7 gist_box_same(box, box, internal), FUNCTION 8 gist_point_distance(internal, point, smallint, oid, internal);
CREATE OPERATOR CLASS empty FOR TYPE int USING hash AS STORAGE int;
CREATE OPERATOR FAMILY lonely USING gin;
COMMENT ON OPERATOR CLASS backwards USING btree IS 'from high to low';
COMMENT ON OPERATOR FAMILY "Family %:x" USING btree IS 'of pairs';
CREATE TABLE t (p pair PRIMARY KEY, i int, o point);
CREATE INDEX i ON t (i backwards);
CREATE INDEX g ON t USING gist (o points);
CREATE TYPE pairs AS RANGE (subtype = int, subtype_opclass = backwards);
