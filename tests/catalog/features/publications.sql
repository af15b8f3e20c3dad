CREATE TABLE a (id int PRIMARY KEY, b text);
CREATE TABLE "A %:x" (id int PRIMARY KEY);
CREATE TABLE whole (id int, day date) PARTITION BY RANGE (day);
CREATE TABLE part PARTITION OF whole DEFAULT;
CREATE PUBLICATION every FOR ALL TABLES;
CREATE PUBLICATION none;
CREATE PUBLICATION "Some %:x" FOR TABLE a, "A %:x" WITH (publish = 'insert, delete');
CREATE PUBLICATION parts FOR TABLE whole WITH (publish_via_partition_root);
COMMENT ON PUBLICATION parts IS 'a comment';
