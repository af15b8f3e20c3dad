-- requires: 18
CREATE TABLE t (id int PRIMARY KEY, d int GENERATED ALWAYS AS (1) STORED);
CREATE PUBLICATION p FOR TABLE t WITH (publish_generated_columns = stored);
