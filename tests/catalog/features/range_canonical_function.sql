CREATE TYPE steps;
CREATE FUNCTION canonical(steps) RETURNS steps LANGUAGE internal IMMUTABLE STRICT AS 'int4range_canonical';
CREATE TYPE steps AS RANGE (subtype = int4, canonical = canonical);
CREATE TABLE t (a steps);
