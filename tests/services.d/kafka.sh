# shellcheck shell=bash disable=SC2034,SC2154 # variables are shared with the other parts
# Kafka: one node that is broker and controller (KRaft), from Kafka's own artifacts in Maven Central. Topics are only there
# once somebody creates them. With TLS it has two listeners: one asks for the name and the password of `cartlog` (SASL), the other for
# a certificate.

# As in docker-compose.yml.
kafka_version=4.3.1
kafka_jars=$cache/kafka-$kafka_version

kafka_lacks() {
    java_program >/dev/null || echo default-jre-headless
    [[ -d $kafka_jars ]] || maven_program >/dev/null || echo maven
}

kafka_fetch() {
    [[ -d $kafka_jars ]] || in_cache "fetching Kafka $kafka_version from Maven Central" fetch_kafka
}

maven_program() { program mvn /usr/share/maven/bin; }

# The first Java that is new enough.
java_program() {
    local candidate
    for candidate in "${JAVA_HOME:+$JAVA_HOME/bin/java}" "$(command -v java || true)" {,"$unpacked"}/usr/lib/jvm/*/bin/java; do
        if [[ -x $candidate ]] && (($(java_version "$candidate") >= 17)); then
            echo "$candidate"
            return
        fi
    done
    return 1
}

java_version() { sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$(dirname "$(dirname "$(readlink -f "$1")")")/release"; }

# Maven compares each file with the checksum that its repository gives, and fails if they differ.
fetch_kafka() {
    [[ ! -d $kafka_jars ]] || return 0
    local java work=$kafka_jars.new
    java=$(java_program)
    rm -rf "$work"
    mkdir -p "$work"
    kafka_project >"$work/pom.xml"
    trust_authorities "$java"
    env "JAVA_HOME=$(dirname "$(dirname "$(readlink -f "$java")")")" "$(maven_program)" \
        --batch-mode --strict-checksums --no-transfer-progress --file "$work/pom.xml" "-Dmaven.repo.local=$work/repository" \
        org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies -DincludeScope=runtime "-DoutputDirectory=$work/jars"
    mv "$work/jars" "$kafka_jars"
    rm -rf "$work"
}

# Kafka writes its log through SLF4J 1.7 and brings nothing that prints it.
kafka_project() {
    cat <<END
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>cartlog</groupId>
  <artifactId>services</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId>
      <artifactId>kafka_2.13</artifactId>
      <version>$kafka_version</version>
    </dependency>
    <dependency>
      <groupId>org.slf4j</groupId>
      <artifactId>slf4j-simple</artifactId>
      <version>1.7.36</version>
    </dependency>
  </dependencies>
</project>
END
}

# An unpacked Java trusts nobody until it is told whom the system trusts; an installed one was told by its package.
trust_authorities() {
    local java=$1 bundle=/etc/ssl/certs/ca-certificates.crt work=$kafka_jars.new/authorities authority
    [[ $java == "$unpacked"* ]] || return 0
    local store=$unpacked/authorities.jks
    export MAVEN_OPTS="-Djavax.net.ssl.trustStore=$store"
    [[ ! -e $store ]] || return 0
    mkdir "$work"
    csplit --quiet --elide-empty-files --prefix="$work/" --suffix-format=%04d.pem "$bundle" '/BEGIN CERTIFICATE/' '{*}'
    for authority in "$work"/*.pem; do
        "$(dirname "$java")/keytool" -importcert -noprompt -storetype JKS -storepass changeit -keystore "$store.new" \
            -alias "$(basename "$authority")" -file "$authority"
    done
    mv "$store.new" "$store"
}

# After a kill a new broker is let in once the session of the one before has run out.
kafka_prepare() {
    # The servers' user may not reach the cache.
    cp -r "$kafka_jars" "$data/kafka.jars"
    tls_of_server kafka
    cat >"$data/kafka.properties" <<END
process.roles = broker,controller
node.id = 1
controller.quorum.voters = 1@127.0.0.1:$kafka_controller_port
controller.listener.names = CONTROLLER
listeners = PLAINTEXT://127.0.0.1:$kafka_port,SASL_SSL://127.0.0.1:$kafka_sasl_port,SSL://127.0.0.1:$kafka_tls_port,CONTROLLER://127.0.0.1:$kafka_controller_port
listener.security.protocol.map = PLAINTEXT:PLAINTEXT,SASL_SSL:SASL_SSL,SSL:SSL,CONTROLLER:PLAINTEXT
ssl.keystore.type = PEM
ssl.keystore.location = $data/kafka.tls/server.pem
ssl.truststore.type = PEM
ssl.truststore.location = $data/kafka.tls/ca.crt
listener.name.ssl.ssl.client.auth = required
listener.name.sasl_ssl.sasl.enabled.mechanisms = PLAIN,SCRAM-SHA-256,SCRAM-SHA-512
listener.name.sasl_ssl.plain.sasl.jaas.config = org.apache.kafka.common.security.plain.PlainLoginModule required user_cartlog="$password";
listener.name.sasl_ssl.scram-sha-256.sasl.jaas.config = org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config = org.apache.kafka.common.security.scram.ScramLoginModule required;
log.dirs = $data/kafka
broker.heartbeat.interval.ms = 500
broker.session.timeout.ms = 3000
auto.create.topics.enable = false
group.initial.rebalance.delay.ms = 0
offsets.topic.replication.factor = 1
offsets.topic.num.partitions = 3
transaction.state.log.replication.factor = 1
transaction.state.log.num.partitions = 3
transaction.state.log.min.isr = 1
END
    chmod 600 "$data/kafka.properties"
    hand_over "$data/kafka.jars" "$data/kafka.properties"
    local java
    mapfile -t java < <(kafka_java)
    (in_clean_environment "${java[@]}" kafka.tools.StorageTool format \
        --config "$data/kafka.properties" --cluster-id "$(random_text 16)" \
        --add-scram "SCRAM-SHA-256=[name=cartlog,password=$password]" --add-scram "SCRAM-SHA-512=[name=cartlog,password=$password]")
}

# Small, and quick to start rather than quick in the long run.
kafka_java() {
    printf '%s\n' "$(java_program)" -Xmx512m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Djava.net.preferIPv4Stack=true \
        -Dorg.slf4j.simpleLogger.defaultLogLevel=warn -Dorg.slf4j.simpleLogger.showDateTime=true -cp "$data/kafka.jars/*"
}

kafka_command() {
    kafka_java
    printf '%s\n' kafka.Kafka "$data/kafka.properties"
}

# It answers a metadata request (version 1, for no topic) with one broker that takes part.
kafka_answers() (
    exec 3<>"/dev/tcp/127.0.0.1/$kafka_port" || exit
    printf '\0\0\0\x0f\0\x03\0\x01\0\0\0\x01\0\x01?\0\0\0\0' >&3
    answer=$(timeout 2 head -c 12 <&3 | od -An -v -tx1 | tr -d ' \n')
    [[ $answer == ????????0000000100000001 ]]
) 2>/dev/null

kafka_stop_signal() { echo TERM; }
