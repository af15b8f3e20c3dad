CREATE ACCESS METHOD "Heap %:x" TYPE TABLE HANDLER heap_tableam_handler;
CREATE ACCESS METHOD "Gist %:x" TYPE INDEX HANDLER gisthandler;
COMMENT ON ACCESS METHOD "Gist %:x" IS 'a comment';
CREATE OPERATOR CLASS boxes DEFAULT FOR TYPE box USING "Gist %:x" AS
    OPERATOR 1 <<, OPERATOR 6 ~=, FUNCTION 1 gist_box_consistent(internal, box, smallint, oid, internal),
    FUNCTION 2 gist_box_union(internal, internal), FUNCTION 5 gist_box_penalty(internal, internal, internal),
    FUNCTION 6 gist_box_picksplit(internal, internal), FUNCTION 7 gist_box_same(box, box, internal);
CREATE TABLE t (a box) USING "Heap %:x";
CREATE INDEX i ON t USING "Gist %:x" (a);
