CREATE TYPE floats AS RANGE (subtype = float8, subtype_diff = float8mi);
CREATE TYPE texts AS RANGE (subtype = text, collation = "C");
CREATE TYPE patterns AS RANGE (subtype = text, subtype_opclass = text_pattern_ops, multirange_type_name = many_patterns);
CREATE FUNCTION minus(time, time) RETURNS float8 LANGUAGE sql IMMUTABLE STRICT RETURN EXTRACT(epoch FROM $1 - $2);
CREATE TYPE times AS RANGE (subtype = time, subtype_diff = minus);
CREATE TABLE t (a floats, b texts, c many_patterns, d times, e floats[]);
CREATE INDEX i ON t USING gist (d);
