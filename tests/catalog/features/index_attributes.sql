-- requires: 15
CREATE TABLE t (a int, b text, c int, d int);
CREATE UNIQUE INDEX u ON t (a) NULLS NOT DISTINCT;
CREATE INDEX "I%:x" ON t USING btree (b text_pattern_ops DESC NULLS LAST, a NULLS FIRST) INCLUDE (c, d) WITH (fillfactor = 70, deduplicate_items = off) WHERE c > 0 AND b <> '%:x';
COMMENT ON INDEX "I%:x" IS 'every %attribute :x';
