"""The tables, functions and roles of a log in PostgreSQL, in the order in which they are made."""

from __future__ import annotations

PART = 4_096
"""Records in a partition of `disclosure`: some 30 MB, written anew in about a second after an erasure."""

_TABLES = """
CREATE SCHEMA footnote_audit;
CREATE TABLE meta (name text PRIMARY KEY, value text NOT NULL);
CREATE TABLE entry (
    idx bigint PRIMARY KEY, id text NOT NULL UNIQUE, event text NOT NULL, outcome text NOT NULL,
    time bigint NOT NULL, refers_to text, leaf bytea NOT NULL);
CREATE INDEX entry_time ON entry (time);
CREATE INDEX entry_refers ON entry (refers_to) WHERE refers_to IS NOT NULL;
CREATE INDEX entry_event ON entry (event, idx) WHERE event <> 'question';
CREATE TABLE disclosure (
    idx bigint PRIMARY KEY, body bytea NOT NULL, mentions text[] NOT NULL, words text[] NOT NULL)
    PARTITION BY RANGE (idx);
CREATE INDEX disclosure_mentions ON disclosure USING gin (mentions);
CREATE INDEX disclosure_words ON disclosure USING gin (words);
CREATE TABLE erased (idx bigint NOT NULL, name text NOT NULL, by text NOT NULL, PRIMARY KEY (idx, name));
CREATE TABLE tile (level integer NOT NULL, n bigint NOT NULL, hashes bytea NOT NULL, PRIMARY KEY (level, n));
CREATE TABLE key (n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, vkey text NOT NULL UNIQUE);
CREATE TABLE copy (path text PRIMARY KEY, first bigint NOT NULL, last bigint NOT NULL, record text NOT NULL);
CREATE TABLE state (
    one integer PRIMARY KEY CHECK (one = 1), size bigint NOT NULL, edge bytea NOT NULL,
    checkpoint text NOT NULL, signer text NOT NULL)
"""

# ATTACH, unlike CREATE ... PARTITION OF, waits for no reader. The planner's statistics would keep
# values of their own, where no erasure reaches them.
_ADD_PART = f"""
CREATE FUNCTION add_part(part bigint) RETURNS void LANGUAGE plpgsql
SECURITY DEFINER SET search_path = footnote_audit, pg_temp AS $$
DECLARE name text := 'disclosure_' || part;
BEGIN
    IF to_regclass(name) IS NOT NULL THEN RETURN; END IF;
    EXECUTE format('CREATE TABLE %I (LIKE disclosure)', name);
    EXECUTE format('ALTER TABLE %I ALTER body SET STATISTICS 0, ALTER mentions SET STATISTICS 0,'
                   ' ALTER words SET STATISTICS 0', name);
    EXECUTE format('ALTER TABLE disclosure ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%s)',
                   name, part * {PART}, (part + 1) * {PART});
END $$
"""

# TRUNCATE gives the table a new file, and the old one is removed at the end of the transaction.
_REWRITE_PART = """
CREATE FUNCTION rewrite_part(part bigint) RETURNS void LANGUAGE plpgsql
SECURITY DEFINER SET search_path = footnote_audit, pg_temp SET statement_timeout = 0 SET lock_timeout = 50 AS $$
DECLARE name text := 'disclosure_' || part;
BEGIN
    EXECUTE format('LOCK TABLE %I IN ACCESS EXCLUSIVE MODE', name);
    EXECUTE format('CREATE TEMPORARY TABLE kept ON COMMIT DROP AS SELECT * FROM %I', name);
    EXECUTE format('TRUNCATE %I', name);
    EXECUTE format('INSERT INTO %I SELECT * FROM kept ORDER BY idx', name);
    DROP TABLE kept;
END $$
"""

# Making roles takes a right that the owner of the log may lack: then somebody who has it makes them
# first. The last two grants take a superuser; without them, an erasure says what it could not reach.
_ROLES = """
DO $$
DECLARE role text;
BEGIN
    FOREACH role IN ARRAY ARRAY['footnote_read', 'footnote_append', 'footnote_erase'] LOOP
        BEGIN
            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN
                EXECUTE format('CREATE ROLE %I NOLOGIN', role);
            END IF;
        EXCEPTION WHEN insufficient_privilege OR duplicate_object OR unique_violation THEN NULL;
        END;
    END LOOP;
    REVOKE ALL ON FUNCTION add_part, rewrite_part FROM PUBLIC;
    IF (SELECT count(*) FROM pg_roles WHERE rolname IN ('footnote_read', 'footnote_append', 'footnote_erase')) < 3 THEN
        RETURN;
    END IF;
    GRANT USAGE ON SCHEMA footnote_audit TO footnote_read, footnote_append, footnote_erase;
    GRANT SELECT ON ALL TABLES IN SCHEMA footnote_audit TO footnote_read, footnote_append, footnote_erase;
    GRANT INSERT ON entry, disclosure, tile, key, copy TO footnote_append, footnote_erase;
    GRANT UPDATE ON tile, state, copy TO footnote_append, footnote_erase;
    GRANT EXECUTE ON FUNCTION add_part TO footnote_append, footnote_erase;
    GRANT UPDATE (body, mentions, words) ON disclosure TO footnote_erase;
    GRANT INSERT ON erased, meta TO footnote_erase;
    GRANT UPDATE ON meta TO footnote_erase;
    GRANT DELETE ON copy, meta TO footnote_erase;
    GRANT EXECUTE ON FUNCTION rewrite_part TO footnote_erase;
    BEGIN
        GRANT EXECUTE ON FUNCTION pg_switch_wal TO footnote_erase;
        GRANT pg_checkpoint TO footnote_erase;
    EXCEPTION WHEN insufficient_privilege OR undefined_object THEN NULL;
    END;
END $$
"""

SCHEMA = (*_TABLES.strip().split(";\n"), _ADD_PART, _REWRITE_PART, _ROLES)
