CREATE DOMAIN email AS text COLLATE "C" NOT NULL DEFAULT 'a@b'
    CONSTRAINT has_at CHECK (VALUE ~ '@') CONSTRAINT "Not % Long:x" CHECK (length(VALUE) < 255) CHECK (VALUE <> '%:x');
ALTER DOMAIN email ADD CONSTRAINT later CHECK (VALUE <> 'x') NOT VALID;
COMMENT ON DOMAIN email IS 'an address';
COMMENT ON CONSTRAINT "Not % Long:x" ON DOMAIN email IS 'it''s "long"';
