package io.github.redlock.sample;

import java.util.List;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * What the first instance starts for itself and for the others.
 *
 * @param enabled whether to start anything
 * @param redisPorts one Redis server for each port
 * @param databasePort where the database listens
 */
@ConfigurationProperties("sample.embedded")
record EmbeddedProperties(@DefaultValue("true") boolean enabled, @DefaultValue( {
		"7101", "7102", "7103" }) List<Integer> redisPorts, @DefaultValue("7100") int databasePort){
}
